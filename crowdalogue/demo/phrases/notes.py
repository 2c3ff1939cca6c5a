"""What colleagues write down after a call or a visit, and notes to each other."""

# ruff: noqa: E501  (one phrase a line, however long)

from __future__ import annotations

CALL_STARTS = (
    "[Caller|Customer] ", "[She|He] ", "Ms <last> ", "Mr <last> ", "[Rang|Called]: ", "<first> <last> [rang, |calls, |]",
)  # fmt: skip
VISIT_STARTS = (
    "[Customer|Visitor] at the desk: ",
    "[Came in|Walked in]: ",
    "<first> <last>, [in store|at the counter]: ",
    "[Woman|Man|Couple] at the counter, ",
)

MATTERS = {
    "late": (
        "[asks where|wants to know where] order <order> is, [promised for|due] <weekday>. [Calm|Annoyed|Second call].",
        "still no <product>, <days> days. <carrier> [says lost|has no scan since <date>].",
        "[parcel marked delivered|tracking says delivered], nothing there. [Neighbours asked|Lives alone, was home].",
    ),
    "defect": (
        "<product> leaks from the base, lot <lot>. [Worried about the plug|Wants money back|Kitchen got wet].",
        "[leaking <product>|<product> drips at the seal], [used <days> times|since <date>]. [Second one already|Wants no replacement].",
        "[brought the <product> in|describes the <product>]: seal [warped|loose|torn]. [Lot <lot>|Couldn't read the lot].",
    ),
    "fault": (
        "<product> <fault>. [Tried a reset|Tried another socket], no luck.",
        "<product> <fault>, [bought <date>|<days> weeks old]. [Has receipt|No receipt].",
        "says the <product> <fault>. [Friendly|Rather short|In a hurry].",
    ),
    "refund": (
        "[waiting for|asks about] refund of <amount>, returned <date>. [Has proof of posting|Bank sees nothing].",
        "[charged twice|paid twice] for <order>. [Needs it before rent|Wants it in writing].",
    ),
    "return": (
        "wants to [return|bring back] <product>, [too loud|too big|unused]. [No box|Box opened].",
        "returns <product>, [within thirty days|day <days>]. [Prefers exchange for <other>|Money back to card].",
    ),
    "how_to": ("<use> [Didn't find it in the manual|Talked it through|Elderly, needs large print].",),
    "warranty": (
        "[asks about warranty|warranty question] on <product>, [bought <month>|receipt lost]. [Just asking|<part> worn].",
    ),
    "buying": (
        "[compares|torn between] <product> and <other> for [a small flat|the office|her daughter]. [Will think about it|Took the leaflet|Nearly bought].",
        "asks if <product> [is quiet|fits under a cupboard|is worth <amount>]. [Also looked at <rival>|Wants to see it running].",
    ),
    "stock": (
        "asks when <product> is back. [Put on the list|Will call again|Reserved one].",
        "[looking for|wants] <part> for <product>. [Not in store|Ordered one].",
    ),
    "service": (
        "[third|fourth] time asking about <order>, [sent from chat to phone|no answer by e-mail]. [Upset|Wants a manager].",
    ),
    "praise": ("[says thanks for|loves] the <product>, <good>. [Lovely chat|Made my day|Wants nothing, only that].",),
    "damaged": ("<product> arrived [cracked|dented|in pieces], order <order>. [Has photos|Gift, needs it <weekday>].",),
    "wrong_item": ("got [a <other>|the wrong colour] instead of <product>, <order>. [Wants swap|Has it unopened].",),
    "cancel": ("wants to cancel <order>, [ordered twice|found it cheaper]. [Not shipped yet|Already shipped].",),
    "churn": (
        "[wants to end|ending] the filter subscription, [price|<rival> cheaper]. [Would stay for ten percent|Firm].",
    ),
    "address": ("new address for <order>, [moved|typo]. [Changed while on the phone|Already out for delivery].",),
    "invoice": (
        "needs invoice for <order>, [company name missing|accountant asks]. [Sent while on the phone|Will send].",
    ),
    "idea": ("suggests [a timer|a longer cable|spare <part>] for the <product>. [Very keen|Would pay extra].",),
}
OUTCOMES = {
    "late": (
        "[Asked|Wrote to] <carrier>, [will report back|customer knows it may take till <weekday>|trace number goes by text].",
        "Looked it up: [depot in <city>|out for delivery <weekday>|lost, new one sent today]. [Told so|Customer will wait].",
        "[Express fee|Shipping] of <fee> [refunded|back on the card]. [New date <weekday>|<carrier> calls before delivery].",
        "[Sent a second one|Second parcel packed], [first to be refused at the door|keeps both if it turns up].",
    ),
    "broken": (
        "Told: [replacement leaves today|new <product> on its way], [label by e-mail|no return needed|swap at the door <weekday>].",
        "[Swapped|Exchanged] the <thing> on the spot, [old one to repairs|old one kept for quality, lot <lot>].",
        "Sent to [repairs|the <city> workshop], [ticket printed|collection <weekday>|ready in about <days> days].",
        "[Full refund|Refund of <amount>] [started|agreed], [label by e-mail|courier <weekday>]. [Will not take another|May buy the <other> instead].",
        "Tried [a reset|the other socket|cleaning] together, [worked|no change, so new one from stock|better, calls again if not].",
    ),
    "money": (
        "[Refund|<amount>] [released|started] [while on the phone|just now], [two|three|five] days at the bank. [Date given in writing|Mail confirms it].",
        "[Bookkeeping|Finance] [checks|has it], [promised|agreed] a call back by <weekday>, <agent>.",
        "[Apologised|Said sorry], [gave|offered] <fee> [off the next order|as a voucher]. [Accepted|Will think about it|Wants money, not a voucher].",
    ),
    "question": (
        "Explained it: <howto> [Happy with that|Wrote it down|Will try at home].",
        "[Looked it up|Checked the list], [answered|gave the date: <weekday>|<days> in the warehouse, <city> has two]. [Leaflet sent|Nothing else].",
        "[Showed|Recommended] the <product>[, and the <other> beside it|, running|]. [Comes back <weekday>|Took one for <amount>|Will decide at home].",
        "[Passed on to|Told] the [product|workshop|purchasing] people, [customer would like to hear back|no answer needed].",
        "Done [while on the phone|at the desk]: <order> [changed|confirmed again by mail|printed out].",
    ),
}
TAILS = (
    "[She|He] [was fine with that|was pleased|is still annoyed|laughed in the end|took it calmly].", "[Five|Ten|Twelve|Twenty] minutes.",
    "[Order|Ref] <order>.", "[Knows <agent> from last time|Asked for <agent>|Says hello to <agent>].", "[Prefers e-mail next time|Call back after <weekday>|Mobile number is the same].",
    "[Also ordered a <other>|Has a <other> too|Thinks about a <other>].", "[Speaks little English, went well|Line was bad|Child crying in the background].",
)  # fmt: skip
COLLEAGUES = (
    "[Same|Another] lot <lot>. [That makes three today|Tell quality|Photo in the folder].",
    "[Careful|Heads-up], [she|he] wrote on chat too. [Same matter|Answer there].",
    "[Waiting for|Asked] the warehouse, [answer expected <weekday>|no reply yet].",
    "<carrier> [opened a trace|confirms the depot backlog|says tomorrow]. [Will update the customer|<agent> takes over].",
    "[Refund over <fee> needs approval|Approved by <agent>|Checked: returned on <date>].",
    "[Tried to call|Called], [voice mail|no answer|number engaged]. [Again <weekday>|E-mail sent instead].",
)
