"""German."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

from crowdalogue.demo.phrases import Language, Topic

GERMAN = Language(
    code="de",
    topics={
        "late": Topic(
            what=(
                "[Meine Bestellung|Bestellung] <order> [sollte am <weekday> da sein|ist seit <days> Tagen überfällig] und [es ist nichts gekommen|ich habe noch nichts erhalten].",
                "[Wo bleibt|Wo ist] mein <product>? [Bestellt habe ich am <date>|Ich warte jetzt schon <days> Tage].",
                "[Die Sendungsverfolgung|Das Tracking] [zeigt seit <days> Tagen dasselbe|steht auf „in Zustellung“], [<carrier> weiß von nichts|und nichts passiert].",
                "[Habe mir extra|Ich habe mir] frei genommen, aber [niemand kam|der Bote kam nicht]. Bestellung <order>.",
                "[Angeblich zugestellt|Laut <carrier> zugestellt], [ich war aber zu Hause|bei den Nachbarn ist auch nichts].",
            ),
            more=("[Es sollte ein Geschenk sein|War als Geschenk gedacht].", "[Das ist schon das zweite Mal|So kenne ich Sie gar nicht].", "[Ich bin ab <weekday> verreist|Ab <weekday> sind wir im Urlaub]."),
            ask=("[Wann kommt es|Wann kann ich damit rechnen]?", "[Bitte klären Sie das|Bitte um Rückmeldung].", "[Sonst storniere ich|Ansonsten bitte stornieren]."),
            answer=(
                "es tut mir leid, dass Sie warten. [<carrier> sucht das Paket|Ich habe eine Nachforschung gestartet], Sie hören bis <weekday> von mir.",
                "das ist deutlich zu spät, entschuldigen Sie bitte. [Ein neues Paket geht heute raus|Ihr Paket ist in <city>, Zustellung am <weekday>].",
            ),
        ),
        "defect": Topic(
            what=(
                "Mein <product> [ist undicht|leckt|tropft] [unten am Dichtring|am Boden|seit <weekday>].",
                "[Nach <days> Tagen|Schon nach wenigen Malen] läuft [beim Mixen|unten] Wasser aus dem <product>.",
                "[Der Dichtungsring|Die Dichtung] vom <product> [sitzt nicht richtig|ist gerissen], [alles schwimmt|die ganze Arbeitsplatte war nass].",
                "[Zweites Gerät, gleiches Problem|Auch das Ersatzgerät ist undicht]: <product>, Los <lot>.",
            ),
            more=("[Da ist doch Strom drin|Das ist gefährlich].", "[Sonst war ich sehr zufrieden|Schade, er mixt sonst gut].", "Losnummer <lot>."),
            ask=("[Ich möchte mein Geld zurück|Bitte erstatten Sie den Betrag].", "[Gibt es einen Rückruf|Ist das bekannt]?", "[Kann ich ihn weiter benutzen|Darf man ihn noch benutzen]?"),
            answer=(
                "bitte benutzen Sie das Gerät nicht weiter. [Das Rücksendeetikett ist angehängt|Ich schicke Ihnen ein Etikett], [wir erstatten alles|Sie wählen Ersatz oder Geld zurück].",
                "danke für die Losnummer. [Wir prüfen diese Charge gerade|Die Charge wird untersucht]; ein Ersatzgerät geht heute raus.",
            ),
        ),
        "fault": Topic(
            what=(
                "Mein <product> [geht nicht mehr an|macht komische Geräusche|schaltet sich ständig ab|riecht verbrannt], [erst <days> Wochen alt|gekauft am <date>].",
                "[Seit gestern|Seit <weekday>] [streikt|spinnt] der <product>. [Neustart hilft nicht|Steckdose gewechselt, nichts].",
                "[Kaum benutzt und schon kaputt|Nach <days> Wochen defekt]: <product>.",
            ),
            more=("[Die Anleitung hilft nicht weiter|In der Anleitung steht nichts dazu].", "[Für <amount> erwarte ich mehr|Das darf bei dem Preis nicht sein]."),
            ask=("[Ist das Garantie|Greift die Garantie]?", "[Was kann ich tun|Was schlagen Sie vor]?", "[Bitte um Austausch|Ich hätte gern ein neues]."),
            answer=(
                "[halten Sie bitte die Taste zehn Sekunden gedrückt|probieren Sie bitte einen Reset]. Hilft das nicht, [tauschen wir aus|schicken wir ein neues Gerät].",
                "das klingt nach einem defekten Teil. [Die Garantie gilt|Das ist Garantie], das Etikett [liegt bei|kommt per Mail].",
            ),
        ),
        "refund": Topic(
            what=(
                "[Ich habe den <product> am <date> zurückgeschickt|Rücksendung vom <date>], aber [das Geld fehlt noch|bis heute keine Erstattung].",
                "[Wo bleibt mein Geld|Wann kommt die Erstattung] für <order>? [Es sind schon <days> Tage|Versprochen waren fünf Tage].",
                "[Mir wurde zweimal abgebucht|Doppelte Abbuchung] für <order>.",
            ),
            more=("[Der Beleg liegt vor|Einlieferungsbeleg habe ich].", "[Einen Gutschein will ich nicht|Bitte kein Gutschein]."),
            ask=("[Bitte nennen Sie ein Datum|Wann genau]?", "[Ich bitte um Klärung|Bitte prüfen]."),
            answer=("Sie haben recht, das dauert zu lange. [Die Erstattung über <amount> ist raus|Ich habe <amount> eben angewiesen], zwei bis drei Bankarbeitstage.",),
        ),
        "how_to": Topic(
            what=(
                "[Wie entkalke ich|Wie reinige ich|Wie oft reinigt man] den <product>?",
                "[Darf|Kann] [der Behälter|das Teil|der Deckel] vom <product> in die Spülmaschine?",
                "[Wie setze ich den <product> zurück|Was bedeutet das rote Blinken am <product>]?",
                "[Kann man den <product> auch in der Schweiz anschließen|Passt der <product> unter einen Hängeschrank von 40 cm]?",
            ),
            more=("[Anleitung ist weg|Die Anleitung finde ich nicht mehr].", "[Sonst bin ich sehr zufrieden|Tolles Gerät übrigens]."),
            ask=("[Danke schon mal|Vielen Dank im Voraus].", "[Eilt nicht|Hat Zeit]."),
            answer=("gern: [das steht auf Seite <page> der Anleitung|mit etwas Zitronensäure und lauwarmem Wasser, einmal im Monat]. [Den Link schicke ich mit|Melden Sie sich, falls es nicht klappt].",),
        ),
        "return": Topic(
            what=("[Wie kann ich|Ich möchte] den <product> zurückschicken[, er ist zu laut|, er passt nicht in die Küche|]?", "[Kann ich online Gekauftes im Laden in <city> zurückgeben|Rückgabe im Laden möglich], <order>?"),
            more=("[Nur einmal benutzt|Ungeöffnet|Karton ist noch da].",),
            ask=("[Brauche ich ein Etikett|Bitte Etikett schicken]?", "[Kostet das was|Was kostet die Rücksendung]?"),
            answer=("[natürlich, 30 Tage lang und kostenlos|gern]. [Das Etikett hängt an|Ein QR-Code reicht, Sie brauchen keinen Drucker].",),
        ),
        "buying": Topic(
            what=("[Lohnt sich|Taugt] der <product> für [zwei Personen|eine kleine Wohnung|ein Büro]? [<rival> ist günstiger|Ich schwanke noch].", "[Welchen empfehlen Sie|Was nehmen]: <product> oder <other>?"),
            more=("[Mein alter ist hinüber|Der alte hat nach <years> Jahren aufgegeben].",),
            ask=("[Ehrliche Meinung bitte|Danke für einen Rat].",),
            answer=("für das, was Sie beschreiben, [würde ich den <product> nehmen|reicht der <product>]: [leiser und leichter zu reinigen|er kann alles, was Sie brauchen].",),
        ),
        "praise": Topic(
            what=("[Wollte nur sagen|Einfach mal Lob]: der <product> ist [super|klasse|jeden Cent wert], [leise und schnell|macht jeden Tag Freude|die ganze Familie ist begeistert].", "[Nach <days> Wochen|Seit <month>] [immer noch begeistert vom|sehr zufrieden mit dem] <product>[, weiter so|, danke|].", "[Toller Service|Schnelle Hilfe] von <agent>, [danke|vielen Dank dafür]!"),
            more=("[Lieferung kam am nächsten Tag|Verpackung top].",),
            answer=("[das freut uns sehr|wie schön], danke fürs Schreiben. [Ich gebe es weiter|Viel Freude weiterhin].",),
        ),
        "service": Topic(
            what=("[Seit <days> Tagen keine Antwort|Dreimal geschrieben, nie eine Antwort] zu <order>.", "[<years>0 Minuten Warteschleife|Ewig in der Warteschleife], dann [aufgelegt|Leitung tot].", "[Chat schickt mich zum Telefon, Telefon zum Laden|Jeder schickt mich weiter]. [Wer ist denn nun zuständig|So geht das nicht]?"),
            more=("[Jedes Mal erzähle ich alles neu|Immer wieder von vorn].",),
            ask=("[Bitte rufen Sie mich an|Ich bitte um Rückruf].",),
            answer=("das tut mir leid, Sie hätten längst eine Antwort haben müssen. [Ich kümmere mich selbst darum|Ab jetzt bin ich zuständig] und melde mich bis <weekday>.",),
        ),
    },
    greetings=("Hallo,", "Guten Tag,", "Sehr geehrte Damen und Herren,", "Liebes Brindlecove-Team,", "Moin,", "Grüezi,", "Servus,"),
    closings=("Viele Grüße", "Mit freundlichen Grüßen", "Beste Grüße", "Danke und Gruß", "LG", "Freundliche Grüße aus <city>"),
    thanks=("[Super, danke|Danke|Vielen Dank|Perfekt, danke schön]<dot>", "[Hat geklappt|Ist angekommen|Geld ist da], [danke|vielen Dank <agent>|alles gut]<dot>", "[Top|Klasse], [schönes Wochenende|schönen <weekday> noch]<dot>"),
    chasing=("[Gibt es etwas Neues|Schon was Neues] [zu <order>|zum <product>]?", "[Ich warte noch immer|Leider immer noch keine Antwort], [seit <date>|schon <days> Tage].", "[Hallo? Liest das jemand|Jemand da]? [Bestellung <order>|Es geht um den <product>]."),
    details=("[Bestellnummer|Die Nummer ist] <order>, [gekauft am <date>|geliefert nach <city>].", "[Seriennummer|Auf dem Boden steht] <serial>.", "[Lieber Geld zurück|Bitte ein neues Gerät], [wenn ich wählen darf|falls möglich].", "[Zu Hause bin ich|Ich bin] [<weekday> ab vier|vormittags immer] da."),
    unsolved=("[Habe ich probiert|Alles versucht], [keine Änderung|hilft nicht].", "[Der Link geht nicht|Das Etikett lässt sich nicht öffnen]. [Was nun|Und jetzt]?", "[Jetzt ist <weekday> und nichts ist passiert|Es ist wieder passiert]."),
    agent_greetings=("Hallo <first>,", "Guten Tag <first> <last>,", "Liebe Kundin, lieber Kunde,"),
    agent_asks=("[Nennen Sie mir bitte die Bestellnummer|Wie lautet die Bestellnummer]? [Sie beginnt mit BC|Dann sehe ich gleich nach].", "[Was ist Ihnen lieber|Was möchten Sie]: Ersatz oder Geld zurück?"),
    agent_follow_ups=("danke, [jetzt habe ich alles|ich habe es gefunden]. [Der Kurier kommt am <weekday>|Es ist veranlasst], [eine Bestätigung folgt|Sie bekommen gleich eine Mail].", "[es tut mir leid, dass es nicht klappt|verzeihen Sie die Mühe]. [Ich erstatte Ihnen den ganzen Betrag|Ein neues Gerät geht heute raus]."),
    agent_ends=("[Sehr gern|Gern geschehen]. [Schönen Tag noch|Melden Sie sich jederzeit].", "[Freut mich|Schön], [dass es geklappt hat|dass alles passt]."),
    agent_closings=("<agent>, Brindlecove", "Viele Grüße, <agent>", "– <agent>"),
    subjects={"late": ("Wo ist <order>", "Lieferung <order>", "[Noch nichts da|Lieferverzug]"), "defect": ("<product> undicht", "[Undicht|Wasser im Gerät], Los <lot>"), "fault": ("<product> defekt", "Garantiefall"), "refund": ("Erstattung <order>", "Wo bleibt mein Geld"), "how_to": ("Frage zum <product>", "Frage"), "return": ("Rücksendung", "Rückgabe <product>"), "buying": ("Beratung", "<product> oder <other>"), "praise": ("Lob", "Danke"), "service": ("Beschwerde", "Keine Antwort")},
)  # fmt: skip
