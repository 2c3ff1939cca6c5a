"""Spanish."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

from crowdalogue.demo.phrases import Language, Topic

SPANISH = Language(
    code="es",
    topics={
        "late": Topic(
            what=("[Mi pedido|El pedido] <order> [tenía que llegar|debía llegar] el <weekday> y [no ha llegado|sigo sin nada].", "¿[Dónde está|Qué pasa con] mi <product>? [Lo pedí el <date>|Llevo <days> días esperando].", "[El seguimiento|El seguimiento del paquete] [no cambia desde hace <days> días|pone «en reparto» desde el <date>] y <carrier> [no sabe nada|no contesta].", "[Pone entregado|Según <carrier> está entregado], [pero aquí no hay nada|y estuve en casa todo el día]."),
            more=("[Era un regalo|Es para un cumpleaños].", "[Es la segunda vez|Ya me pasó antes].", "[Me voy el <weekday>|El <weekday> salimos de viaje]."),
            ask=("¿[Cuándo llega|Para cuándo lo espero]?", "[Por favor, revísenlo|Miren qué pasa, por favor].", "[Si no, quiero mi dinero|Si no llega, lo cancelo]."),
            answer=("siento mucho el retraso. [He pedido a <carrier> que lo busque|<carrier> lo está buscando], [le escribo antes del <weekday>|tendrá noticias el <weekday>].", "su paquete está [en <city>|en el almacén de <city>], llega el <weekday>. [Le devuelvo los gastos de envío|Perdone la espera]."),
        ),
        "defect": Topic(
            what=("[Mi|El] <product> [pierde agua|gotea] [por abajo|por la junta|desde el <weekday>].", "[A los <days> días|Después de usarlo cuatro veces] sale líquido [por la base|por debajo] del <product>.", "[La junta|La goma] del <product> [está rota|no encaja], lote <lot>, [la encimera acabó empapada|se sale todo]."),
            more=("[Me da miedo enchufarlo|Lleva corriente, es peligroso].", "[Una pena, bate bien|Estaba muy contenta]."),
            ask=("[Quiero que me devuelvan el dinero|Prefiero el reembolso].", "¿[Es un fallo conocido|Lo van a retirar]?"),
            answer=("[no lo use más, por favor|desenchúfelo de momento]. [Le mando la etiqueta|La etiqueta va adjunta], [reembolso o cambio, usted elige|le devolvemos todo].",),
        ),
        "fault": Topic(
            what=("Mi <product> [no enciende|hace un ruido raro|se apaga solo|huele a quemado], [comprado el <date>|tiene <days> semanas].", "[Roto|Ya roto] el <product>, [a las <days> semanas|casi sin usar]."),
            more=("[El manual no ayuda|En el manual no dice nada].", "[Por <amount> esperaba más|Con lo que cuesta]."),
            ask=("¿[Entra en garantía|Lo cubre la garantía]?", "¿[Qué hago|Qué puedo hacer]?"),
            answer=("[mantenga el botón diez segundos|pruebe a reiniciarlo]. Si no funciona, [se lo cambiamos|hoy sale uno nuevo].",),
        ),
        "refund": Topic(
            what=("[Devolví el <product> el <date>|Hice la devolución el <date>] y [sigo sin el dinero|no me han ingresado nada].", "¿[Dónde está mi reembolso|Cuándo me devuelven el dinero] de <order>? [Van <days> días|Dijeron cinco días].", "[Me han cobrado dos veces|Cobro doble] en <order>."),
            more=("[Tengo el resguardo|Guardo el resguardo de correos].",),
            ask=("[Díganme una fecha|Una fecha, por favor].",),
            answer=("tiene razón, es demasiado. [Acabo de enviar <amount>|<amount> van de camino], el banco tarda tres días.",),
        ),
        "how_to": Topic(
            what=("¿[Cómo se limpia|Cómo descalcifico] el <product>?", "¿[La tapa|El vaso] del <product> [va al lavavajillas|se puede meter en el lavavajillas]?", "¿[Qué significa la luz roja|Por qué parpadea] el <product>?"),
            more=("[Perdí el manual|No encuentro el manual].",),
            ask=("[Gracias de antemano|Gracias].",),
            answer=("[claro: un poco de vinagre y agua, una vez al mes|está en la página <page> del manual]. [Cuénteme si funciona|Le paso el enlace].",),
        ),
        "return": Topic(what=("[Quiero devolver|Cómo devuelvo] el <product>[, hace mucho ruido|, es muy grande|].", "¿[Puedo devolver <order> en tienda|Aceptan la devolución en <city>]?"), ask=("¿[Es gratis|Cuánto cuesta]?",), answer=("[por supuesto, treinta días y gratis|sí]. [Adjunto la etiqueta|Basta un código QR].",)),
        "buying": Topic(what=("Dudo entre el <product> y el <other>[, somos dos|, para un piso pequeño|]. ¿[Cuál me recomiendan|Qué dicen]?", "¿[Vale la pena|Merece] el <product> por <amount>? [El de <rival> es más barato|No me decido]."), answer=("para eso [elegiría el <product>|le basta el <product>], [más silencioso|más fácil de limpiar].",)),
        "praise": Topic(what=("[Solo quería decir|Enhorabuena]: el <product> es [genial|una maravilla|perfecto], [silencioso y rápido|en casa encanta a todos|lo uso a diario].", "[Gracias a <agent>|Un diez para <agent>] por [su paciencia|la ayuda], [arreglado en cinco minutos|todo resuelto].", "[Encantada con|Muy contento con] mi <product> [desde <month>|tras <days> semanas][, sigan así|]."), answer=("[qué alegría leerle|mil gracias]. [Se lo digo al equipo|Que lo disfrute].",)),
        "service": Topic(what=("[Tres correos y nadie contesta|Nadie responde] sobre <order>.", "[Cuarenta minutos|Una hora] al teléfono y [se cortó|me colgaron].", "[El chat me manda al teléfono y el teléfono a la tienda|Me pasan de uno a otro]."), ask=("[Llámenme|Que alguien me llame, por favor].",), answer=("le pido disculpas. [Me ocupo yo|Llevo yo su caso], le digo algo antes del <weekday>.",)),
    },
    greetings=("Hola,", "Buenos días,", "Buenas tardes,", "Estimados señores:", "Buenas,"),
    closings=("Un saludo,", "Saludos,", "Gracias,", "Atentamente,"),
    thanks=("[Gracias|Muchas gracias|Perfecto, gracias|Genial, mil gracias]<dot>", "[Ya llegó|Ya tengo el dinero|Funciona], [gracias <agent>|todo bien|buen día]<dot>"),
    chasing=("¿[Alguna novedad|Se sabe algo] [de <order>|del <product>]?", "[Sigo esperando|Todavía sin respuesta], [desde el <date>|ya van <days> días].", "¿[Hay alguien|Me leen]? [Pedido <order>|Es por el <product>]."),
    details=("[El pedido es|Número de pedido] <order>, [del <date>|enviado a <city>].", "[Número de serie|Debajo pone]: <serial>.", "[Prefiero el dinero|Mejor uno nuevo], [si se puede|si puedo elegir]."),
    unsolved=("[Ya lo probé|Lo he intentado todo], [sigue igual|nada].", "[El enlace no va|La etiqueta no se abre]. ¿[Y ahora|Qué hago]?"),
    agent_greetings=("Hola, <first>:", "Buenos días, <first>:", "Estimado cliente:"),
    agent_asks=("¿[Me dice el número de pedido|Cuál es el número de pedido]? [Empieza por BC|Lo miro enseguida].", "¿[Qué prefiere|Qué le va mejor], cambio o reembolso?"),
    agent_follow_ups=("gracias, [ya lo tengo|encontrado]. [Queda en marcha|El mensajero pasa el <weekday>], [le llega un correo|confirmación en camino].", "[siento que siga igual|perdone las molestias]. [Le devuelvo todo|Hoy sale uno nuevo]."),
    agent_ends=("[Un placer|De nada]. [Buen día|Aquí estamos].",),
    agent_closings=("<agent>, Brindlecove", "Saludos, <agent>", "– <agent>"),
    subjects={"late": ("Pedido <order>", "[Retraso|Paquete perdido]"), "defect": ("<product> gotea", "Fuga, lote <lot>"), "fault": ("<product> roto", "Garantía"), "refund": ("Reembolso <order>",), "how_to": ("Duda sobre <product>", "Consulta"), "return": ("Devolución <product>",), "buying": ("Consejo", "<product> o <other>"), "praise": ("Gracias", "Felicidades"), "service": ("Reclamación", "Sin respuesta")},
)  # fmt: skip
