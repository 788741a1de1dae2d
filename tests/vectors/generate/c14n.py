#!/usr/bin/env python3
"""Makes tests/vectors/c14n/random.jsonl: random documents and what libxml2 makes of them.

Calls libxml2 itself (Debian: libxml2) with the node-set that XML-DSig would give it, because lxml drops `#default` and
cannot canonicalize a part with the namespaces around it. The output depends only on SEED and libxml2.
Each line: xml, target (ID of the element, absent = root), comments, prefixes, omit (ID left out), expected.
"""
import ctypes, ctypes.util, json, os, random, sys

SEED, COUNT = 20260102, 600
URIS = ["urn:a", "urn:b", "http://example.org/c", "http://example.org/c#d", "urn:oasis:names:tc:SAML:2.0:assertion"]
PREFIXES = ["p", "q", "xs", "a.b", "_u", "P", "pp"]
LOCALS = ["e", "Value", "x-y", "a", "E", "e1", "xmlish"]
TEXTS = ["", " ", "\n  ", "plain", "a&amp;b", "&lt;&gt;&quot;&apos;", "a > b", "&#13;", "&#xD;\n", "\t tab", "&#9;&#10;",
         "\u00e9\u20ac", "\U0001F600", "x<![CDATA[<&>]]>y", "<![CDATA[]]>", "<![CDATA[a]]><![CDATA[b]]>", "]]", "&#x1F600;",
         "'single' \"double\"", "\r\n", "\r", "\r&#10;", "line\r\nline\rline\n"]
VALUES = ["", "v", "a b", "a\tb\nc", "&#9;&#10;&#13;", "&lt;&amp;&gt;&quot;&apos;", ">", "\u00e9\U0001F600", "\r\nx\ry", "xs:string"]
COMMENTS = ["<!---->", "<!-- c -->", "<!--<e a='1'>&amp;-->", "<!-- \u00e9\r\n-->"]


def element(r, scope, depth, ids, budget):
    """One random element as text; scope maps the prefixes in scope ("" = default)."""
    budget[0] -= 1
    scope = dict(scope)
    attributes = []
    for _ in range(r.choice([0, 0, 0, 1, 1, 2, 3])):
        prefix = r.choice(PREFIXES + ["", "", ""])
        name = "xmlns:" + prefix if prefix else "xmlns"
        if any(have == name for have, _ in attributes):
            continue
        uri = r.choice(URIS + ([""] if not prefix else []))
        attributes.append((name, uri))
        scope[prefix] = uri
    bound = [p for p in scope if p]
    prefix = r.choice(bound + ["", ""]) if bound else ""
    name = (prefix + ":" if prefix else "") + r.choice(LOCALS)
    used = set()
    for _ in range(r.choice([0, 0, 1, 1, 2, 3, 5])):
        ap = r.choice(bound + ["", "", "xml"]) if bound else r.choice(["", "", "xml"])
        local = r.choice(["lang", "space"]) if ap == "xml" else r.choice(LOCALS)
        key = ({"": "", "xml": "xml"}.get(ap, scope.get(ap)), local)
        if key in used:
            continue
        used.add(key)
        value = r.choice(["preserve", "default"]) if (ap, local) == ("xml", "space") else r.choice(VALUES)
        attributes.append(((ap + ":" if ap else "") + local, value))
    ids.append("i%d" % len(ids))
    attributes.append(("ID", ids[-1]))
    r.shuffle(attributes)
    space = lambda: r.choice([" ", " ", " ", "  ", "\n ", "\t"])
    tag = "<" + name
    for key, value in attributes:
        quote = r.choice("\"'")
        value = value.replace('"', "&quot;").replace("'", "&apos;")
        tag += space() + key + r.choice(["=", "=", " = "]) + quote + value + quote
    content = ""
    for _ in range(r.choice([0, 1, 1, 2, 3, 4])):
        kind = r.random()
        if kind < 0.45 and depth < 6 and budget[0] > 0:
            content += element(r, scope, depth + 1, ids, budget)
        elif kind < 0.55:
            content += r.choice(COMMENTS)
        else:
            content += r.choice(TEXTS)
    if not content and r.random() < 0.5:
        return tag + r.choice(["", " "]) + "/>"
    return tag + ">" + content + "</" + name + r.choice(["", "", " "]) + ">"


libxml2 = ctypes.CDLL(ctypes.util.find_library("xml2"))
for function in ("xmlReadMemory", "xmlXPathNewContext", "xmlXPathEvalExpression"):
    getattr(libxml2, function).restype = ctypes.c_void_p
for function in ("xmlXPathFreeObject", "xmlXPathFreeContext", "xmlFreeDoc"):
    getattr(libxml2, function).restype = None
EXCLUSIVE_1_0 = 1


class XPathObject(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("nodesetval", ctypes.c_void_p)]


def is_document(octets):
    """Does libxml2 parse it?"""
    return bool(libxml2.xmlReadMemory(octets, len(octets), None, None, 0))


def canonical(xml, target, omit, prefixes, comments):
    """What libxml2 makes of the subtree of the element `target` without the subtree of `omit` (their IDs)."""
    by_id = "//*[@ID='%s']"
    return canonical_at(xml.encode("utf-8"), by_id % target, omit and by_id % omit, prefixes, comments).decode("utf-8")


def canonical_at(octets, target, omit, prefixes, comments):
    """The same with XPath expressions; octets in and out."""
    document = ctypes.c_void_p(libxml2.xmlReadMemory(octets, len(octets), None, None, 0))
    assert document, octets
    context = ctypes.c_void_p(libxml2.xmlXPathNewContext(document))
    expression = "{0}/descendant-or-self::node() | {0}/descendant-or-self::*/@* | {0}/descendant-or-self::*/namespace::*".format(target)
    if omit:
        # What has the omitted element among its ancestors: adding it to them makes them no more.
        expression = "(%s)[count(ancestor-or-self::* | %s) != count(ancestor-or-self::*)]" % (expression, omit)
    found = ctypes.c_void_p(libxml2.xmlXPathEvalExpression(expression.encode(), context))
    nodes = ctypes.cast(found, ctypes.POINTER(XPathObject)).contents.nodesetval
    listed = (ctypes.c_char_p * (len(prefixes) + 1))(*[prefix.encode() for prefix in prefixes], None)
    out = ctypes.c_void_p()
    length = libxml2.xmlC14NDocDumpMemory(document, ctypes.c_void_p(nodes), EXCLUSIVE_1_0, listed,
                                          int(comments), ctypes.byref(out))
    result = ctypes.string_at(out, length) if length > 0 else None
    libxml2.xmlXPathFreeObject(found)
    libxml2.xmlXPathFreeContext(context)
    libxml2.xmlFreeDoc(document)
    assert result, octets
    return result


def main():
    r = random.Random(SEED)
    out = []
    while len(out) < COUNT:
        ids = []
        budget = [r.choice([1, 4, 8, 16])]
        xml = r.choice(["", "", "<?xml version='1.0' encoding='UTF-8'?>\n", "<!-- before -->\n"])
        xml += element(r, {}, 0, ids, budget) + r.choice(["", "\n", "<!-- after -->"])
        # The first ID is the root's.
        case = {"xml": xml, "comments": r.random() < 0.5, "target": r.choice(ids + 2 * ids[:1])}
        if r.random() < 0.6:
            case["prefixes"] = r.sample(PREFIXES + ["#default", "#default", "unbound", "xml"], r.choice([1, 2, 4]))
        if r.random() < 0.3:
            omit = r.choice(ids)
            if omit not in (case["target"], ids[0]):
                case["omit"] = omit
        try:
            case["expected"] = canonical(xml, case["target"], case.get("omit"), case.get("prefixes", []), case["comments"])
        except AssertionError:
            continue  # The omitted element contains the target.
        out.append(case)
    path = os.path.join(os.path.dirname(__file__), "..", "c14n", "random.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for case in out:
            file.write(json.dumps(case, ensure_ascii=True, sort_keys=True) + "\n")
    print(len(out), "cases", file=sys.stderr)


if __name__ == "__main__":
    main()
