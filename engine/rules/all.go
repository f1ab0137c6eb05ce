package rules

import "slices"

// all lists the rules. It is read only.
var all = slices.Concat(formRules(), handshakeRules(), chatRules(), busyRules(), closingRules(), errorRules(), nativeRules())
