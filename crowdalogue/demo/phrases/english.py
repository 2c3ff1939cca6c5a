"""English: how a conversation goes, whatever it is about."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

from crowdalogue.demo.phrases import Language
from crowdalogue.demo.phrases.complaints import COMPLAINTS
from crowdalogue.demo.phrases.praise import PRAISE
from crowdalogue.demo.phrases.questions import QUESTIONS

ENGLISH = Language(
    code="en",
    topics={**COMPLAINTS, **QUESTIONS, **PRAISE},
    greetings=(
        "Hello,", "Hi,", "Hi there,", "Hello Brindlecove,", "Dear Brindlecove team,", "Good morning,", "Good evening,",
        "Hi all,", "Dear Sir or Madam,", "Hey,", "To whom it may concern,", "Hello again,",
    ),
    closings=(
        "Regards,", "Kind regards,", "Best wishes,", "Thanks,", "Thank you,", "Yours,", "Best,", "Cheers,",
        "Many thanks,", "With kind regards,", "Greetings from <city>,", "Yours sincerely,",
    ),
    thanks=(
        "[Thanks|Thank you|Cheers|Great, thanks|Perfect, thank you]<dot>",
        "[That was quick|So fast], [thank you|thanks]<dot>",
        "[It came today|It arrived this morning|Just got it], [all good|works perfectly|everything's fine]. [Thanks|Thank you]<dot>",
        "[That worked|That did it|Solved], [thank you <agent>|thanks a lot|you're a star]<dot>",
        "[Wonderful|Lovely|Brilliant]. [Have a nice <weekday>|Have a good weekend|Best to the team]<dot>",
        "[Money's back|The refund is here|Refund received]. [Thanks|Thank you for sorting it]<dot>",
        "ok [thx|thanks|ty|great]",
        "[Fine|Okay], [let's do that|do it that way|I'll wait for <weekday> then]<dot>",
    ),
    chasing=(
        "[Any news|Any update|Anything new] [on this|on <order>|about my <product>]?",
        "[Hello|Anybody there|Is anybody reading this]? [I wrote on <date>|I asked <days> days ago|Still waiting for an answer].",
        "[I'm still waiting|Still no answer], [it's <weekday> already|and it's been <days> days|and the <thing> still isn't sorted].",
        "[Bump|Me again|It's me again], [about the <product>|order <order>|same matter].",
        "[Just checking|Checking in]: [was my message seen|did you get my message of <date>]?",
        "[Please|Could somebody please] [answer|reply]. [I don't like being ignored|This matters to me|I have to plan].",
        "??? [<product>|order <order>]",
    ),
    details=(
        "[Order number is|It's|Here you go:] <order>.",
        "[The serial number|Number on the base]: <serial>. [Bought|Ordered] [on <date>|<days> weeks ago].",
        "[It's under|Try] my [e-mail|name|phone number], [the order is|order] <order>, [from <date>|sent to <city>].",
        "[Photo attached|Here's the photo|I've sent a photo]. [The lot|Lot] is <lot>, [as you asked|if that's what you mean].",
        "[I'm home|I'm in] [<weekday> after four|every morning until noon|all day <weekday>], [if that helps|for the courier].",
        "[A replacement please|I'd rather have the money back|A refund please], [if I may choose|if that's alright].",
        "[It's the <product>|The <product>, the white one], [bought in your <city> store|ordered online], [no receipt any more|receipt is here].",
    ),
    unsolved=(
        "[I tried that|Done that], [no change|it made no difference|the <product> is the same as before].",
        "[Sorry, but|Unfortunately] [it's back|it happened again] [this morning|on <weekday>|as soon as I used it].",
        "[The label|Your link|The form] [doesn't work|gives an error|says expired]. [Another way|What now]?",
        "[It's <weekday>, and|<weekday> has come and gone,] [nothing happened|no parcel|no call].",
        "[That isn't what I asked|You didn't answer my question]. [Please read it again|Let me try once more]: [is it covered or not|when does it come|do I get my money back]?",
        "[The new one|The replacement] [does the same|has the same problem|is no better]. [I give up|What next]?",
    ),
    agent_greetings=("Hello <first>,", "Hi <first>,", "Good morning <first>,", "Dear <first>,", "Hello,", "Thanks for writing, <first>."),
    agent_asks=(
        "[Could you|Would you] give me the order number[, please|]? [Then I can look it up at once|It starts with BC].",
        "[Happy to help|I'll look into it|Let me see what I can do], <first>. [What's the order number|Do you have the order number at hand|May I have the order number]?",
        "[So that I can help|To find it]: [which <thing> is it exactly|what does the label underneath say], and [when did you buy it|where did you buy it]?",
        "[May I ask|Could you tell me] [what you'd prefer|which you would like], a replacement or a refund?",
        "[Could you send|Would you add] a photo of [the number on the base|what happened]? [It helps us|It saves us both a question].",
        "[What time|When] [suits you|are you home], so that I can [book the courier|arrange the pick-up]?",
    ),
    agent_follow_ups=(
        "Thank you, [that's all I need|now I have it]. [It's arranged|All set]: [you get a confirmation today|the confirmation is on its way].",
        "[Found it|I have your order here]. [I've started the <refund_or_new>|The <refund_or_new> is under way]; [expect it by <weekday>|it takes two to three days].",
        "[Got it|Perfect, thanks]. [The courier comes <weekday>|I've booked <weekday>], [between eight and one|in the afternoon].",
        "[Sorry that didn't work|I'm sorry it's still not right]. [I've now sent a new one|Then we do it the other way: full refund], [today|without you returning anything].",
        "[Thanks for your patience|Thank you for bearing with us]. [I've checked with the warehouse|I spoke to <carrier>]: [it leaves today|it reaches you <weekday>].",
    ),
    agent_ends=(
        "[Any time|No problem at all|Happy to help], <first>. [Enjoy your <weekday>|All the best to <city>|Have a good evening|We're here if the <thing> acts up again].",
        "[I'm glad|Lovely|That's good news], <first>. [I'll close this for now|I'm closing it here], [just reply if anything comes up|write and it opens again].",
        "[You're welcome|My pleasure|Gladly]. [Have a lovely day|Enjoy your <thing>|Write any time].",
        "[Great to hear|Glad it's sorted]. [Is there anything else|Anything else I can do]?",
        "[Thank you for your patience|Thanks for letting us know], <first>.",
    ),
    agent_closings=("<agent>, Brindlecove care", "Kind regards, <agent>", "Best wishes, <agent> from Brindlecove", "– <agent>", "Yours, <agent>"),
    subjects={
        "late": ("Where is my order <order>", "Order <order> [late|still not here|missing]", "Delivery", "[Still waiting for|No sign of] my <product>"),
        "defect": ("<product> leaking", "[Leak|Leaking] <thing>", "<product>: [water in the base|leaks underneath]", "Lot <lot>"),
        "fault": ("<product> [broken|not working|problem]", "[Help with|Problem with] my <product>", "Faulty <thing>"),
        "damaged": ("[Arrived broken|Damaged parcel]", "Order <order> damaged", "Broken <thing>"),
        "wrong_item": ("Wrong item [received|in order <order>]", "Missing <part>", "Not what I ordered"),
        "refund": ("[Refund|My refund] [<order>||overdue]", "Where is my money?", "Return received, no refund"),
        "service": ("Complaint", "[Nobody|No one] answers", "Third attempt"),
        "churn": ("[Cancellation|Please cancel my account]", "Goodbye", "Filter subscription"),
        "how_to": ("Question [about the <product>|]", "How to", "<product>: a question"),
        "warranty": ("Warranty", "Warranty [for|of] my <product>"),
        "invoice": ("Invoice <order>", "Invoice needed", "VAT invoice"),
        "address": ("[New address|Change of address]", "Order <order>: address"),
        "cancel": ("Cancel order <order>", "Please cancel"),
        "return": ("Return", "[Returning|Sending back] my <product>"),
        "stock": ("Availability of <product>", "In stock?", "When is it back?"),
        "buying": ("[Advice|Advice please]", "<product> or <other>?", "Before I buy"),
        "idea": ("[Idea|Suggestion]", "A wish for the <product>"),
        "praise": ("Thank you!", "[Happy customer|Love my <product>]", "Just a compliment"),
        "praise_service": ("[Thanks to <agent>|Compliment for <agent>]", "Great service"),
    },
)  # fmt: skip
