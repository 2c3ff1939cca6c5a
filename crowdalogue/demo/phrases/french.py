"""French."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

from crowdalogue.demo.phrases import Language, Topic

FRENCH = Language(
    code="fr",
    topics={
        "late": Topic(
            what=(
                "[Ma commande|La commande] <order> [devait arriver|était prévue] <weekday> et [je n'ai toujours rien|rien n'est arrivé].",
                "[Où est|Où en est] mon <product> ? [Commandé le <date>|J'attends depuis <days> jours].",
                "[Le suivi|Le suivi du colis] [n'a pas bougé depuis <days> jours|indique « en transit » depuis le <date>], et <carrier> [ne répond pas|me renvoie vers vous].",
                "[Colis marqué livré|Le colis serait livré], [mais je n'ai rien reçu|pourtant j'étais chez moi toute la journée].",
            ),
            more=("[C'était un cadeau|Un cadeau pour ma mère].", "[C'est la deuxième fois|Ce n'est pas la première fois].", "[Je pars <weekday>|Nous partons en vacances <weekday>]."),
            ask=("[Quand va-t-il arriver|Quand puis-je l'attendre] ?", "[Merci de vérifier|Pouvez-vous vérifier] ?", "[Sinon j'annule|Sinon je veux être remboursé]."),
            answer=("je suis désolée pour ce retard. [J'ai demandé une enquête à <carrier>|<carrier> recherche le colis], [réponse avant <weekday>|je vous écris <weekday>].", "votre colis est [à <city>|au dépôt de <city>], livraison <weekday>. [Un geste commercial suit|Les frais de port vous sont rendus]."),
        ),
        "defect": Topic(
            what=(
                "[Mon|Le] <product> [fuit|coule] [par le bas|au niveau du joint|depuis <weekday>].",
                "[Après <days> jours|Au bout de quelques utilisations], il y a de l'eau [partout sous|dans le socle de] mon <product>.",
                "[Le joint|La bague] du <product> [est déformé|ne tient pas], lot <lot>, [le plan de travail était trempé|ça coule à chaque fois].",
            ),
            more=("[C'est électrique, j'ai peur|C'est dangereux, non].", "[Dommage, il mixe bien|J'en étais contente pourtant]."),
            ask=("[Je veux un remboursement|Remboursez-moi s'il vous plaît].", "[Est-ce un défaut connu|Y a-t-il un rappel] ?"),
            answer=("[arrêtez de l'utiliser s'il vous plaît|débranchez-le pour l'instant]. [L'étiquette de retour est jointe|Je vous envoie une étiquette], [remboursement ou échange, à vous de choisir|nous remboursons tout].",),
        ),
        "fault": Topic(
            what=("Mon <product> [ne s'allume plus|fait un bruit bizarre|s'éteint tout seul|sent le brûlé], [acheté le <date>|il a <days> semaines].", "[En panne|Déjà en panne] : <product>, [après <days> semaines|à peine utilisé]."),
            more=("[La notice n'aide pas|Rien dans la notice].", "[À <amount>, c'est décevant|Pour ce prix, c'est dommage]."),
            ask=("[C'est sous garantie|La garantie joue-t-elle] ?", "[Que faire|Que me conseillez-vous] ?"),
            answer=("[maintenez le bouton dix secondes|essayez une réinitialisation]. Si cela ne suffit pas, [nous l'échangeons|un neuf part aujourd'hui].",),
        ),
        "refund": Topic(
            what=("[J'ai renvoyé le <product> le <date>|Retour fait le <date>] et [toujours pas de remboursement|rien sur mon compte].", "[Où est mon remboursement|Quand serai-je remboursée] pour <order> ? [Cela fait <days> jours|On m'avait dit cinq jours].", "[J'ai été débité deux fois|Double prélèvement] pour <order>."),
            more=("[J'ai la preuve de dépôt|Preuve de dépôt à l'appui].",),
            ask=("[Donnez-moi une date|Une date, s'il vous plaît].",),
            answer=("vous avez raison, c'est trop long. [<amount> viennent de partir|Le virement de <amount> est fait], comptez trois jours.",),
        ),
        "how_to": Topic(
            what=("[Comment détartrer|Comment nettoyer] le <product> ?", "[Le couvercle|Le bac] du <product> [passe-t-il au lave-vaisselle|va-t-il au lave-vaisselle] ?", "[Que veut dire le voyant rouge|Pourquoi le voyant clignote] sur mon <product> ?"),
            more=("[J'ai perdu la notice|Notice introuvable].", "[Très bon appareil sinon|J'en suis ravie]."),
            ask=("[Merci d'avance|Merci].",),
            answer=("[avec plaisir : un peu de vinaigre blanc, une fois par mois|c'est à la page <page> de la notice]. [Dites-moi si cela marche|Je joins le lien].",),
        ),
        "return": Topic(
            what=("[Comment renvoyer|Je voudrais renvoyer] le <product>[, trop bruyant|, trop grand pour ma cuisine|] ?", "[Puis-je rendre <order> en magasin|Retour possible au magasin de <city>] ?"),
            ask=("[Est-ce gratuit|Il faut une étiquette] ?",),
            answer=("[bien sûr, trente jours, sans frais|oui]. [L'étiquette est jointe|Un QR code suffit].",),
        ),
        "buying": Topic(what=("J'hésite entre le <product> et le <other>[, pour deux personnes|, pour un petit studio|]. [Votre avis|Que conseillez-vous] ?", "[Le <product> vaut-il|Est-ce que le <product> vaut vraiment] <amount> ? [<rival> est moins cher|J'hésite encore]."), answer=("pour cet usage [je prendrais le <product>|le <product> suffit], [plus silencieux|plus simple à nettoyer].",)),
        "praise": Topic(
            what=("[Juste pour dire|Un mot] : le <product> est [génial|parfait|une merveille], [silencieux et rapide|toute la famille l'adore|je m'en sers chaque jour].", "[Merci à <agent>|Bravo à <agent>] pour [sa patience|son aide], [problème réglé en cinq minutes|tout est réglé].", "[Ravie de|Très content de] mon <product> [après <days> semaines|depuis <month>][, continuez|]."),
            answer=("[quel plaisir de vous lire|merci beaucoup]. [Je transmets à l'équipe|Profitez-en bien].",),
        ),
        "service": Topic(what=("[Trois messages, zéro réponse|Personne ne répond] au sujet de <order>.", "[Quarante minutes d'attente|Une heure d'attente] au téléphone, puis [coupé|plus rien].", "[On me renvoie d'un service à l'autre|Le chat me renvoie au téléphone, le téléphone au magasin]."), ask=("[Rappelez-moi|Merci de me rappeler].",), answer=("toutes mes excuses. [Je m'en occupe personnellement|Je prends votre dossier], nouvelles avant <weekday>.",)),
    },
    greetings=("Bonjour,", "Bonsoir,", "Madame, Monsieur,", "Bonjour l'équipe,", "Salut,"),
    closings=("Cordialement,", "Bien à vous,", "Merci,", "Bonne journée,", "Salutations,"),
    thanks=("[Merci|Merci beaucoup|Super, merci|Parfait, merci bien]<dot>", "[C'est arrivé|Remboursement reçu|Ça marche], [merci <agent>|tout va bien|bonne journée]<dot>"),
    chasing=("[Des nouvelles|Du nouveau] [pour <order>|pour mon <product>] ?", "[J'attends toujours|Toujours sans réponse], [depuis le <date>|cela fait <days> jours].", "[Il y a quelqu'un|Vous me lisez] ? [Commande <order>|C'est pour le <product>]."),
    details=("[Numéro de commande|C'est la commande] <order>, [du <date>|livrée à <city>].", "[Le numéro de série est|Sous l'appareil] : <serial>.", "[Plutôt un remboursement|Un échange s'il vous plaît], [si possible|si je peux choisir]."),
    unsolved=("[Essayé|J'ai tout essayé], [aucun changement|toujours pareil].", "[Le lien ne marche pas|L'étiquette ne s'ouvre pas]. [Et maintenant|Que faire] ?"),
    agent_greetings=("Bonjour <first>,", "Bonjour,", "Chère cliente, cher client,"),
    agent_asks=("[Pouvez-vous me donner le numéro de commande|Quel est le numéro de commande] ? [Il commence par BC|Je regarde aussitôt].", "[Que préférez-vous|Votre choix] : échange ou remboursement ?"),
    agent_follow_ups=("merci, [j'ai tout ce qu'il faut|c'est trouvé]. [C'est lancé|Le coursier passe <weekday>], [confirmation par e-mail|vous recevez un message].", "[désolée que cela ne marche pas|pardon pour ces soucis]. [Je vous rembourse tout|Un neuf part aujourd'hui]."),
    agent_ends=("[Avec plaisir|Je vous en prie]. [Bonne journée|À bientôt].",),
    agent_closings=("<agent>, Brindlecove", "Bien à vous, <agent>", "– <agent>"),
    subjects={"late": ("Commande <order>", "[Colis perdu|Retard de livraison]"), "defect": ("<product> qui fuit", "Fuite, lot <lot>"), "fault": ("<product> en panne", "Garantie"), "refund": ("Remboursement <order>",), "how_to": ("Question <product>", "Une question"), "return": ("Retour <product>",), "buying": ("Conseil", "<product> ou <other>"), "praise": ("Merci", "Bravo"), "service": ("Réclamation", "Sans réponse")},
)  # fmt: skip
