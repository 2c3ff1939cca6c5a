# ruff: noqa: E501, SIM905  (a pattern a line, lists as plain rows of words)
"""How questions begin, language by language, for sentences without a question mark.

`OPENING` matches one, in lower case, where a sentence or a part of it begins; `FIRST` is a quick look that says whether
it can match at all; `LINKING` are words after which a part begins.
"""

from __future__ import annotations

import re

_PERSON_EN = (
    r"(?:i|you|u|we|they|he|she|it|this|that|these|those|there|the|my|your|ur|our|anyone|anybody|someone|any|a)"
)
_BE_DO = (
    r"(?:is|are|was|were|do|does|did|can|could|will|would|should|shall|have|has|had|am|may|must|isn't|aren't|don't|doesn't|"
    r"didn't|can't|couldn't|won't|wouldn't|shouldn't|haven't|hasn't)"
)
ENGLISH = (
    rf"(?:when|where|why|how|what|who(?! would have)|which)(?:'s|'re|'ll| the (?:hell|heck|f\w*))? (?:exactly |else |on earth )?{_BE_DO}\b",
    r"(?:what|which) (?:time|kind|sort|size|colou?r|number|address|day|date|model|version|one|email|documents?|app)\b",
    r"(?:what's|whats|what (?:other|else|if|happened to|happens|caused)|where's|wheres|how's|who's|when's|how come|why not|how about|what about|how to|where to|where can)\b",
    r"(?:which|what) (?:(?:other|kinds?|types?|sorts?) (?:of )?)?\w+ (?:are|is|do|does|did|can|should|will|would|have|has|was|were)\b",
    r"(?:can|will|could|would|does|did|do|is|are) (?:an|any|all|other|people|customers|it's)\b",
    r"(?:can|will|could|would|does|did) (?:a|the|my|your|our|this|that|these|those) (?:\w+ ){0,3}?(?:be|work|have|get|cost|cover|include|come|fit|take|need|count|ship|expire|apply|accept|go|help|do)\b",
    r"how (?:long|much|many|often|soon|far|old|big|late|do|can|would|should)\b",
    r"(?:can|could|will|would|should|shall|may) (?:i|you|u|we|they|someone|somebody|anyone|anybody)\b(?! (?:believe|imagine|not believe))",
    rf"(?:is|are|was|were|do|does|did|has|have|am|isn't|aren't|don't|doesn't|didn't|hasn't|haven't) {_PERSON_EN}\b(?! (?:not|never))",
    r"any (?:idea|ideas|chance|news|update|updates|word|info|eta|clue|advice|way|plans?|reason|help)\b(?= (?:when|where|why|how|what|if|on|of|about|for|to|from|yet|you|i|we|with|that|as)\b|\W*$)",
    r"(?:anyone|anybody|does anyone|someone) (?:know|knows|else|tell|help|able|got)\b",
    r"(?:do|did) (?:you|u) (?:know|have|guys|sell|offer|ship|deliver|still|accept|take|do|plan)\b",
    r"(?:(?:i(?:'m| am| was)? ?|just |we(?:'re| are)? )?wonder(?:ing)?|(?:i(?:'d| would) (?:like|love)|i (?:want|need|wanted)) to (?:know|ask)|"
    r"(?:please |pls |can you |could you )?(?:tell|advise|inform|let) (?:me|us)(?: know)?|please (?:advise|confirm|explain|clarify)|"
    r"(?:no|not sure|unsure|don't know|dont know|no idea)) (?:if|whether|when|where|why|how|what|which|who)\b",
)
GERMAN = (
    r"(?:wann|wo|woher|wohin|warum|wieso|weshalb|wozu|womit|wofür|wem|wen|wer) (?:\w+ )?(?:ist|sind|war|kann|können|könnt|kommt|kommen|"
    r"wird|werden|bekomm\w*|krieg\w*|find\w*|hab\w*|hat|gibt|geht|soll\w*|muss|müssen|darf|dürfen|öffn\w*|liefer\w*|erhalt\w*|"
    r"bleib\w*|dauert|steht|macht|melde\w*|lieg\w*|funktionier\w*|reagier\w*|ruf\w*|antwort\w*|erreich\w*|wurde)\b",
    r"wie (?:lange|viel|viele|oft|hoch|teuer|weit|groß|kann|können|könnt|geht|komm\w*|bekomm\w*|lautet|funktioniert|mach\w*|ist|sind|"
    r"soll\w*|muss|find\w*|stell\w*|änder\w*|kündig\w*|erreich\w*|wird|werd\w*|läuft|sieht)\b",
    r"(?:was (?:ist|sind|kostet|kosten|bedeutet|kann|soll|muss|mach\w*|passiert|heißt|tun)|welche[rsnm]? \w+|für wen|bis wann|seit wann|ab wann)\b",
    r"(?:kann|können|könnt|könnte|könnten|könntet|darf|dürfen|muss|müssen|soll|sollte|haben|habt|hast|hat|ist|sind|gibt|wird|werden|"
    r"würden|würdet|wäre|wären|geht|funktioniert|bekomme|bekommen|liefert|liefern|verkauft|bietet|wisst|wissen|weiß|weißt) (?:ich|"
    r"man|sie|ihr|du|wir|es|das|der|die|mein\w*|jemand|er|euer|eure|eigentlich|noch|schon|denn|mir|uns)\b(?! (?:nicht wahr))",
    r"(?:ich (?:wollte|möchte|würde gern(?:e)?|hätte gern(?:e)?) (?:\w+ )?(?:fragen|wissen)|wüsste gern(?:e)?|mich interessiert|"
    r"(?:bitte )?(?:sagen|teilen|geben) sie mir (?:bitte )?(?:mit |bescheid )?),? ?(?:ob|wann|wo|wie|warum|was|welche\w*)\b",
    r"irgendeine (?:ahnung|idee|neuigkeit\w*)\b",
)
SPANISH = (
    r"¿",
    r"(?:cu[aá]ndo|d[oó]nde|c[oó]mo|cu[aá]nto|cu[aá]ntos|cu[aá]nta|cu[aá]l|cu[aá]les|por qu[eé]|qui[eé]n|para cu[aá]ndo|hasta cu[aá]ndo|a qu[eé] hora|de qu[eé]|en qu[eé]) (?:me |se |lo |la |te |os |nos |les )?(?:es|est[aá]n?|va|van|voy|puedo|puede\w*|podemos|podr\w*|llega\w*|"
    r"tengo|tiene\w*|hay|cuesta|tarda\w*|abre\w*|cierra\w*|hago|hace\w*|debo|hacer|saber|sale|env[ií]a\w*|sigue|son|ser[aá]\w*|recib\w*|vais|hab[eé]is|funciona|contact\w*)\b",
    r"(?:cu[aá]nto tiempo|qu[eé] (?:pasa|pas[oó]|hago|puedo|hay|significa|tengo|documentos|horario|debo))\b",
    r"(?:alguien (?:sabe|me|puede|tiene)|(?:me |nos )?(?:pueden|puedes|podr[ií]an?|podr[ií]as|puede|podéis) (?:decir|ayudar|indicar|confirmar|explicar|enviar|informar)\w*|"
    r"se puede|puedo (?!decir)|tienen (?:alguna|alg[uú]n|en|el|la|ustedes|disponib\w*)|ten[eé]is|hay (?:alguna|alg[uú]n|forma|manera|posibilidad)|es posible|"
    r"(?:quisiera|quer[ií]a|me gustar[ií]a|necesito|quiero) saber)\b",
)
FRENCH = (
    r"(?:est-ce (?:que|qu['’])|qu['’ ]est-ce|savez-vous|pouvez-vous|pourriez-vous|peut-on|puis-je|avez-vous|y a-t-il|allez-vous|"
    r"comptez-vous|faut-il|est-il|serait-il|vendez-vous|livrez-vous|êtes-vous|dois-je|peux-tu|quelqu['’]un (?:sait|peut|a|pourrait))",
    r"(?:quand|où|comment|pourquoi|combien|à quelle heure|depuis quand|d['’]où) (?:est-ce|est|sera|seront|sont|vais|va|vont|allez|arrive\w*|"
    r"puis|peut|pouvez|pourrai\w*|recevr\w*|aurai\w*|faire|fait|faut|dois|doit|ça|de temps|coûte\w*|se|je (?:peux|dois|fais|vais)|avoir|ouvr\w*|contacter|\w+-(?:t-)?(?:il|elle|on|vous|je|ils|tu))\b",
    r"quel(?:le)?s? (?:est|sont|sera|\w+ (?:dois|faut|est|avez|puis))\b",
    r"(?:je (?:voudrais|souhaite|souhaiterais|voulais|veux|aimerais|me demande)|j['’]aimerais|pouvez-vous me dire|merci de me (?:dire|confirmer)) ?(?:savoir |demander )?(?:si|quand|où|comment|pourquoi|combien|quel\w*|à quelle)\b",
    r"c['’]est (?:normal|possible) (?:que|de|qu['’])",
)
OTHERS = (
    # Italian
    r"(?:quando|dove|come|perché|quanto|quanti|quale|chi|cosa|che cosa) (?:mi |si |lo |la |ci )?(?:è|sono|sarà|posso|può|possiamo|arriva\w*|arriverà|costa|devo|fare|faccio|vi|dura|succede|funziona|apre|mai|ricev\w*|tempo)\b",
    r"(?:qualcuno (?:sa|può)|(?:mi )?(?:potete|potreste|può|potrebbe|sapete) (?:dir\w*|aiutar\w*|confermar\w*|spiegar\w*)|è possibile|si può|avete|c['’]è (?:un modo|qualcuno)|vorrei sapere|posso (?:avere|cambiare|restituire|pagare))\b",
    # Portuguese
    r"(?:quando|onde|como|por ?qu[eê]|quanto|quantos|qual|quais|quem) (?:é|são|está|vai|vão|posso|pode\w*|chega\w*|fica|custa|faço|devo|será|vou|eu|tempo|vocês)\b",
    r"(?:algu[eé]m (?:sabe|pode|me)|(?:voc[eê]s? )?(?:podem|poderiam|pode|poderia) (?:me )?(?:dizer|ajudar|informar|confirmar)|é possível|gostaria de saber|queria saber|voc[eê]s (?:têm|vendem|entregam|fazem)|tem como|h[aá] (?:alguma|como))\b",
    # Dutch
    r"(?:wanneer|waar|waarom|hoe|wat|wie|welke|hoelang|hoeveel) (?:is|zijn|wordt|worden|kan|kunnen|komt|krijg\w*|gaat|moet|kost|duurt|heb\w*|lang|vaak|laat|vind|doe|mag|werkt|ik|veel)\b",
    r"(?:kan|kunnen|kunt|mag|moet|heeft|hebben|is|zijn|weet|weten|krijg|komt|wordt|zou|zouden) (?:ik|jullie|u|iemand|je|er|het|de|mijn|dit|dat|we)\b",
    # Swedish
    r"(?:när|var|varför|hur|vad|vem|vilken|vilket|vilka) (?:är|kommer|kan|får|finns|ska|gör|kostar|blir|har|lång|länge|mycket|många|öppnar|stänger|skickas|händer|hittar)\b",
    r"(?:kan|är|har|går|finns|får|kommer|vet|ska|skulle|kunde|säljer|tar) (?:ni|jag|man|det|du|någon|den|vi|min|mitt|mina|paketet)\b",
)
OPENING = re.compile("|".join((*ENGLISH, *GERMAN, *SPANISH, *FRENCH, *OTHERS)))
# The first word of every opening above: a look-up instead of a long pattern where none begins.
FIRST = frozenset(
    """
    when where why how what who which what's whats where's wheres how's who's when's can could will would should shall may
    is are was were do does did has have had am must isn't aren't don't doesn't didn't can't couldn't won't wouldn't
    shouldn't haven't hasn't any anyone anybody someone i i'm i'd we we're just wonder wondering please pls tell advise
    inform let no not unsure dont
    wann wo woher wohin warum wieso weshalb wozu womit wofür wem wen wer wie was welche welcher welches welchen welchem
    für bis seit ab kann können könnt könnte könnten könntet darf dürfen muss müssen soll sollte haben habt hast hat ist
    sind gibt wird werden würden würdet wäre wären geht funktioniert bekomme bekommen liefert liefern verkauft bietet
    wisst wissen weiß weißt ich wüsste mich bitte sagen teilen geben irgendeine
    ¿ cuándo cuando dónde donde cómo como cuánto cuanto cuántos cuantos cuánta cuanta cuál cual cuáles cuales por quién
    quien para hasta a de en qué que alguien me nos pueden puedes podrían podrian podría podria podrías podrias puede
    podéis se puedo tienen tenéis teneis hay es quisiera quería queria quiero gustaría necesito
    est qu savez pouvez pourriez peut puis avez y allez comptez faut serait vendez livrez êtes dois peux quelqu quand où
    comment pourquoi combien à depuis d quel quelle quels quelles je j merci c
    quando dove come perché quanto quanti quale chi cosa che qualcuno mi potete potreste può potrebbe sapete è si avete
    vorrei posso onde porque quantos qual quais quem alguém alguem vocês voces podem poderiam pode poderia é gostaria tem há
    ha wanneer waar waarom hoe wat wie welke hoelang hoeveel kan kunnen kunt mag moet heeft hebben zijn weet weten krijg
    komt wordt zou zouden när var varför hur vad vem vilken vilket vilka är har går finns får kommer vet ska skulle kunde
    säljer tar
    """.split()
)
# Openings that are one at the start of a sentence only: behind a comma or an "and" they go on with a statement.
AT_START = frozenset(
    """
    is are was were do does did has have had am will would may must should who which isn't aren't don't doesn't didn't
    hasn't haven't won't wouldn't shouldn't wonder wo was wer welche welcher welches soll sollte haben habt hast hat ist sind
    gibt wird werden würden würdet wäre wären geht funktioniert bekomme bekommen liefert liefern muss müssen darf dürfen
    hay es tienen qui où est y chi dove che è si avete tem há is zijn weet weten krijg komt wordt heeft hebben moet mag
    är har går finns får vet ska tar waar wat wie hoe
    """.split()
)
# Words after which a sentence begins anew, as after a mark.
GREETING = frozenset(
    """
    hi hello hey please thanks hallo moin hola bonjour ciao hej hoi ola olá oi salut servus guys team also ok okay so
    """.split()
)
# After the name of an account these speak of that account.
_SUBJECT = (
    r"(?:is|are|was|were|has|have|does|did|will|would) (?:the|a|an|that|this|my|not|so|all|any|other|your|these)\b"
)
ABOUT_ACCOUNT = re.compile(_SUBJECT)
# Words after which a question may begin within a sentence.
LINKING = frozenset(
    """
    so and but hi hello hey please thanks or und aber hallo oder et mais bonjour ou y hola pero o e ciao ma en maar hej och
    men ok okay also just guys team know yet that week today now
    """.split()
)
