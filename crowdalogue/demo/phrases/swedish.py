"""Swedish."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

from crowdalogue.demo.phrases import Language, Topic

SWEDISH = Language(
    code="sv",
    topics={
        "late": Topic(
            what=("[Min beställning|Beställning] <order> [skulle kommit|var utlovad] i <weekday> men [inget har kommit|jag har inte fått något].", "[Var är|Var har ni] min <product>? [Beställde den <date>|Har väntat i <days> dagar].", "[Spårningen|Paketspårningen] [har inte rört sig på <days> dagar|säger samma sak sedan <date>], [<carrier> vet ingenting|ingen kan svara].", "[Enligt <carrier> är det levererat|Paketet står som levererat], [men här finns inget|jag var hemma hela dagen]."),
            more=("[Det var en present|Skulle bli en födelsedagspresent].", "[Andra gången nu|Det är inte första gången].", "[Vi reser på <weekday>|Jag åker bort <weekday>]."),
            ask=("[När kommer det|När kan jag räkna med det]?", "[Kan ni kolla|Hör av er].", "[Annars vill jag ha pengarna tillbaka|Annars avbeställer jag]."),
            answer=("jag är ledsen att du får vänta. [<carrier> letar efter paketet|Jag har startat en eftersökning], du hör från mig senast <weekday>.", "paketet ligger [i <city>|på terminalen i <city>] och kommer <weekday>. [Frakten får du tillbaka|Förlåt för dröjsmålet]."),
        ),
        "defect": Topic(
            what=("Min <product> [läcker|droppar] [i botten|vid packningen|sedan <weekday>].", "[Efter <days> dagar|Efter några gånger] rinner det [under|ur botten på] min <product>.", "[Packningen|Gummiringen] i <product> [sitter snett|har gått sönder], batch <lot>, [hela bänken blev blöt|det rinner varje gång]."),
            more=("[Det är ju el i den|Känns farligt].", "[Synd, den mixar bra|Var så nöjd annars]."),
            ask=("[Jag vill ha pengarna tillbaka|Återbetalning, tack].", "[Är det ett känt fel|Återkallas den]?"),
            answer=("[använd den inte mer|dra ur sladden så länge]. [Returetikett är bifogad|Jag skickar en etikett], [du väljer ny eller pengar tillbaka|vi betalar tillbaka allt].",),
        ),
        "fault": Topic(
            what=("Min <product> [startar inte|låter konstigt|stänger av sig själv|luktar bränt], [köpt <date>|<days> veckor gammal].", "[Redan trasig|Sönder]: <product>, [efter <days> veckor|knappt använd]."),
            more=("[Manualen hjälper inte|Står inget i manualen].", "[För <amount> väntar man sig mer|Inte okej för det priset]."),
            ask=("[Gäller garantin|Är det garanti]?", "[Vad gör jag|Vad föreslår ni]?"),
            answer=("[håll in knappen tio sekunder|prova att nollställa den]. Hjälper det inte [byter vi den|skickar vi en ny idag].",),
        ),
        "refund": Topic(what=("[Jag skickade tillbaka <product> den <date>|Retur gjord <date>] men [inga pengar än|inget har hänt].", "[Var är min återbetalning|När kommer pengarna] för <order>? [Det har gått <days> dagar|Ni sa fem dagar].", "[Dragits två gånger|Dubbel dragning] för <order>."), more=("[Kvittot från posten har jag|Har inlämningskvitto].",), ask=("[Ge mig ett datum|Ett datum, tack].",), answer=("du har rätt, det är för länge. [<amount> är på väg|Jag har just skickat <amount>], banken tar tre dagar.",)),
        "how_to": Topic(what=("[Hur rengör jag|Hur avkalkar man] <product>?", "[Tål|Klarar] [locket|kannan] till <product> diskmaskin?", "[Vad betyder röda lampan|Varför blinkar det] på <product>?"), more=("[Har tappat bort manualen|Hittar inte manualen].", "[Toppen annars|Jättenöjd annars]."), ask=("[Tack på förhand|Tack].",), answer=("[visst: lite ättika och vatten en gång i månaden|det står på sidan <page> i manualen]. [Säg till om det inte går|Länken kommer här].",)),
        "return": Topic(what=("[Jag vill returnera|Hur returnerar jag] <product>[, den låter för mycket|, den är för stor|]?", "[Kan jag lämna <order> i butiken|Går det att lämna tillbaka i <city>]?"), ask=("[Kostar det|Är det gratis]?",), answer=("[självklart, 30 dagar och gratis|ja]. [Etiketten är bifogad|QR-kod räcker].",)),
        "buying": Topic(what=("Väljer mellan <product> och <other>[, vi är två|, till en liten lägenhet|]. [Vad tycker ni|Vilken ska jag ta]?", "[Är <product> värd|Lönar sig <product> för] <amount>? [<rival> har en billigare|Kan inte bestämma mig]."), answer=("då [skulle jag ta <product>|räcker <product>], [tystare|lättare att diska].",)),
        "praise": Topic(what=("[Ville bara säga|Lite beröm]: <product> är [toppen|underbar|värd varje krona], [tyst och snabb|hela familjen älskar den|används varje dag].", "[Tack till <agent>|Heja <agent>] för [tålamodet|hjälpen], [löst på fem minuter|allt ordnat].", "[Så nöjd med|Väldigt glad för] min <product> [sedan <month>|efter <days> veckor][, fortsätt så|]."), answer=("[vad roligt att höra|tack snälla]. [Jag hälsar teamet|Ha så kul med den].",)),
        "service": Topic(what=("[Tre mejl, inget svar|Ingen svarar] om <order>.", "[Fyrtio minuter|En timme] i telefonkö, sen [bröts det|tyst].", "[Chatten skickar mig till telefonen och telefonen till butiken|Alla skickar mig vidare]."), ask=("[Ring mig|Kan någon ringa mig].",), answer=("förlåt, du borde fått svar för länge sedan. [Jag tar det själv|Nu är det mitt ärende], besked senast <weekday>.",)),
    },
    greetings=("Hej,", "Hej!", "Hejsan,", "God dag,", "Tjena,"),
    closings=("Mvh", "Hälsningar", "Vänliga hälsningar", "Tack", "Hälsningar från <city>"),
    thanks=("[Tack|Tack så mycket|Toppen, tack|Perfekt, tack snälla]<dot>", "[Den kom idag|Pengarna är här|Det funkade], [tack <agent>|allt bra|ha en fin dag]<dot>"),
    chasing=("[Något nytt|Händer det något] [om <order>|med min <product>]?", "[Jag väntar fortfarande|Fortfarande inget svar], [sedan <date>|<days> dagar nu].", "[Hallå|Är det någon där]? [Beställning <order>|Det gäller <product>]."),
    details=("[Ordernummer|Det är order] <order>, [från <date>|skickad till <city>].", "[Serienummer|Under står]: <serial>.", "[Hellre pengarna|En ny tack], [om jag får välja|om det går]."),
    unsolved=("[Har provat|Testat allt], [ingen skillnad|samma sak].", "[Länken funkar inte|Etiketten går inte att öppna]. [Vad nu|Och nu]?"),
    agent_greetings=("Hej <first>,", "Hej,", "Hej <first>!"),
    agent_asks=("[Kan du skicka ordernumret|Vad är ordernumret]? [Det börjar med BC|Så tittar jag direkt].", "[Vad vill du helst|Vilket föredrar du], ny eller pengar tillbaka?"),
    agent_follow_ups=("tack, [nu har jag allt|jag hittade den]. [Det är ordnat|Budet kommer <weekday>], [bekräftelse kommer|du får ett mejl].", "[ledsen att det inte funkade|förlåt för krånglet]. [Du får allt tillbaka|En ny går iväg idag]."),
    agent_ends=("[Varsågod|Så lite så]. [Ha en fin dag|Hör av dig när du vill].",),
    agent_closings=("<agent>, Brindlecove", "Hälsningar, <agent>", "– <agent>"),
    subjects={"late": ("Beställning <order>", "[Försenat paket|Var är paketet]"), "defect": ("<product> läcker", "Läckage, batch <lot>"), "fault": ("<product> trasig", "Garanti"), "refund": ("Återbetalning <order>",), "how_to": ("Fråga om <product>", "En fråga"), "return": ("Retur <product>",), "buying": ("Råd", "<product> eller <other>"), "praise": ("Tack", "Beröm"), "service": ("Klagomål", "Inget svar")},
)  # fmt: skip
