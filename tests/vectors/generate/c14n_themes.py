#!/usr/bin/env python3
"""Makes tests/vectors/c14n/{themes,real,refused}.jsonl: documents and what libxml2 makes of them.

    c14n_themes.py                          the files of the tree
    c14n_themes.py COUNT SEED FILE          COUNT more random documents of all themes into FILE, for a longer run:
                                            C14N_CASES=FILE cargo test --test vectors_c14n -- --ignored

Oracle: the libxml2 of the system with the node-set that XML-DSig would give it (c14n.py). Where lxml can express the
case (no `#default`, nothing omitted, whole document) its own, newer libxml2 is asked too and must agree.

Each line of themes.jsonl: theme, xml; of real.jsonl: file (relative to tests/vectors). Both: path (child numbers from
the root to the element that is canonicalized), omit (likewise, what is left out), comments, prefixes, and expected or,
when that is long, sha256 and length. refused.jsonl: xml, code: a document to libxml2 and not to our reader.
"""
import hashlib, json, os, random, sys
from lxml import etree
from c14n import canonical_at, is_document

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..")
DS, EXC = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/10/xml-exc-c14n#"
P, A = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
# In the order of neither the prefixes nor one another; libxml2 and the specification agree about all their characters.
URIS = ["urn:z", "urn:a", "http://example.org/", "http://example.org/a", "http://example.org/A", "urn:a:b", "urn:a-b", "x-y.z+0:~_!$()*+,;=%20[@]?#"]
PREFIXES = ["a", "b", "z", "A", "Z", "_", "a1", "a-", "a.b", "aa", "xs", "xsi", "ds", "XML", "xmlx"]
LOCALS = ["a", "b", "A", "_a", "a1", "a-b", "a.b", "aa", "xmlns1", "id", "Type", "attribut", "attribute", "attributes", "attributeZ", "Attribute"]
CHARACTERS = ["\u0080", "\u0085", "\u00a0", "\u00ad", "\u0301", "\u05d0", "\u200b", "\u200f", "\u2028", "\u2029", "\u20ac", "\ud7ff", "\ue000",
              "\ufeff", "\ufffd", "\uff1c", "\U00010000", "\U0001f600", "\U0001f469\u200d\U0001f4bb", "\U0001fffe", "\U000fffff", "\U0010ffff", "\x7f"]
PLAIN = ["x", "yes", " ", "  ", "\n", "\t", "]", "]]", "-", "?", "/", "=", "#", ";", "amp;", "&amp;amp;", "&amp;#13;"]
ESCAPES = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#38;", "&#60;", "&#62;", "&#34;", "&#39;", "&#x26;", "&#x3C;", "&#x3e;", "&#0038;", "&#9;", "&#10;",
           "&#13;", "&#xA;", "&#xD;", "&#x9;", "&#32;", "&#xFFFD;", "&#x10FFFF;", "&#128512;", "&#x85;", "&#x2028;", "&#127;"]
ENDS = ["\r", "\n", "\r\n", "\r\r", "\n\r", "\r&#10;", "&#13;\n", "&#13;&#10;", "\r&#13;\r"]


class Maker:
    """One random document; `weights` says which parts are frequent."""

    def __init__(self, r, namespaces=1.0, attributes=1.0, escapes=0.3, ends=0.05, comments=0.1, astral=0.1, xml=0.1, signatures=0.0, size=12, uris=URIS):
        self.r, self.namespaces, self.attributes, self.size, self.uris = r, namespaces, attributes, size, uris
        self.escapes, self.ends, self.comments, self.astral, self.xml, self.signatures = escapes, ends, comments, astral, xml, signatures

    def text(self, attribute=False):
        out = []
        for _ in range(self.r.choice([0, 1, 1, 2, 3, 5])):
            kind = self.r.random()
            if kind < self.escapes:
                out.append(self.r.choice(ESCAPES))
            elif kind < self.escapes + self.ends:
                out.append(self.r.choice(ENDS))
            elif kind < self.escapes + self.ends + self.astral:
                out.append(self.r.choice(CHARACTERS))
            elif attribute:
                out.append(self.r.choice(PLAIN + [">", "]]>"]))
            elif self.r.random() < 0.15:
                out.append("<![CDATA[%s]]>" % self.r.choice(["", "<&>\"'", "]", "]]", "&amp;", "a\r\nb", "<!-- no -->", self.r.choice(CHARACTERS)]))
            else:
                out.append(self.r.choice(PLAIN + ["\"", "'", " > "]))
        text = "".join(out)
        return text if attribute or "<![CDATA[" in text else text.replace("]]>", "]]&gt;")

    def comment(self):
        inside = self.r.choice(["", " ", "c", "<a b='&lt;'>", "&amp;", "- -", "\r\n", "]]>", self.r.choice(CHARACTERS)])
        return "<!--%s-->" % inside

    def space(self):
        return self.r.choice([" ", " ", " ", "  ", "\n", "\t", "\r\n", " \r"]) if self.r.random() < 0.4 else " "

    def element(self, scope, depth=0):
        r = self.r
        self.size -= 1
        scope, declared = dict(scope), {}
        count = r.choice([0, 1, 1, 2, 3]) if r.random() < self.namespaces else 0
        for prefix in r.sample(PREFIXES + [""] * 5, min(count, 5)):
            if prefix in declared:
                continue
            uri = r.choice(self.uris + ([""] * 3 if not prefix else []))
            # Often the same again, which must not be written twice.
            if prefix in scope and r.random() < 0.4:
                uri = scope[prefix]
            declared[prefix] = scope[prefix] = uri
        bound = [prefix for prefix in scope if prefix]
        prefix = r.choice(bound + [""] * 2) if bound else ""
        name = (prefix + ":" if prefix else "") + r.choice(LOCALS)
        attributes = [("xmlns:" + prefix if prefix else "xmlns", uri) for prefix, uri in declared.items()]
        used = set()
        for _ in range(r.choice([0, 1, 2, 4, 8]) if r.random() < self.attributes else 0):
            attribute = r.choice(bound + [""] * 2) if bound else ""
            local = r.choice(LOCALS)
            if r.random() < self.xml:
                attribute, local = "xml", r.choice(["lang", "space", "base", "foo"])
            key = (scope.get(attribute) if attribute else None, attribute == "xml", local)
            if key not in used and not (local == "id"):
                used.add(key)
                value = "preserve" if (attribute, local) == ("xml", "space") else self.text(True)
                attributes.append(((attribute + ":" if attribute else "") + local, value))
        r.shuffle(attributes)
        tag = "<" + name
        for key, value in attributes:
            quote = r.choice("\"'")
            equals = r.choice(["=", "=", "=", " = ", "\r\n=\t"]) if r.random() < 0.3 else "="
            tag += self.space() + key + equals + quote + value.replace('"', "&quot;").replace("'", "&apos;") + quote
        content = ""
        for _ in range(r.choice([0, 1, 2, 3, 4])):
            kind = r.random()
            if kind < 0.5 and self.size > 0 and depth < 12:
                content += self.element(scope, depth + 1)
            elif kind < 0.5 + self.comments:
                content += self.comment()
            elif kind < 0.5 + self.comments + self.signatures:
                content += self.signature()
            else:
                content += self.text()
        if not content and r.random() < 0.5:
            return tag + r.choice(["", " ", "\n"]) + "/>"
        return tag + r.choice(["", "", " ", "\r\n"]) + ">" + content + "</" + name + r.choice(["", "", " ", "\n"]) + ">"

    def signature(self):
        prefix = self.r.choice(["ds", "dsig", ""])
        colon = prefix + ":" if prefix else ""
        return ('<{0}Signature xmlns{1}="%s"><{0}SignedInfo><{0}Reference URI="#a"/></{0}SignedInfo>{2}<{0}SignatureValue>AA==</{0}SignatureValue></{0}Signature>' % DS
                ).format(colon, ":" + prefix if prefix else "", self.comment() if self.r.random() < 0.2 else "")

    def document(self):
        before = self.r.choice(["", "", "<?xml version='1.0'?>", "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n", "<!-- before -->\n"])
        return before + self.element({}) + self.r.choice(["", "\n", "<!-- after -->", "\r\n<!---->\r\n"])


def saml(r):
    """A response as identity providers write them: with their prefixes, and namespaces declared where they declare them."""
    p, a, d = r.choice([("samlp:", "saml:", "ds:"), ("saml2p:", "saml2:", "ds:"), ("samlp:", "", ""), ("", "saml:", "dsig:"), ("p:", "", "ds:"), ("", "", "")])
    declare = lambda prefix, uri: ' xmlns%s="%s"' % (":" + prefix[:-1] if prefix else "", uri)
    early = r.random() < 0.4 and a
    attributes = "".join(
        '<{a}Attribute Name="{0}"{fn} NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">{v}</{a}Attribute>'.format(
            r.choice(["urn:oid:0.9.2342.19200300.100.1.3", "groups", "http://schemas.xmlsoap.org/claims/Group", "d\u00e9partement"]),
            a=a, fn=r.choice(["", ' FriendlyName="mail"', ' xmlns:x500="urn:oasis:names:tc:SAML:2.0:profiles:attribute:X500" x500:Encoding="LDAP"']),
            v="".join("<{a}AttributeValue{t}>{v}</{a}AttributeValue>".format(a=a, v=r.choice(["a &amp; b", "&lt;x&gt;", "Ops\r\n", "\U0001f600", " ", "CN=a\\,b,DC=c", "x&#13;y"]),
                      t=r.choice(["", ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"',
                                  ' xsi:type="xs:string"' if early else "", ' xsi:nil="true"' if early else ""])) for _ in range(r.choice([0, 1, 2, 5]))))
        for _ in range(r.choice([0, 1, 3])))
    sep = r.choice(["", "", "\n  ", "\r\n\t"])
    signature = lambda id: ('%s<%sSignature%s><%sSignedInfo><%sCanonicalizationMethod Algorithm="%s"/><%sReference URI="#%s"/></%sSignedInfo></%sSignature>'
                            % (sep, d, declare(d, DS), d, d, EXC, d, id, d, d))
    assertion = "<%sAssertion%s%s ID=\"_b\" Version=\"2.0\">%s<%sIssuer>https://idp.example/%s</%sIssuer>%s%s<%sSubject><%sNameID>u%s</%sNameID></%sSubject>%s<%sAttributeStatement>%s</%sAttributeStatement></%sAssertion>" % (
        a, "" if early and a != p else declare(a, A), r.choice(["", ' xmlns:xs="http://www.w3.org/2001/XMLSchema"']), sep, a, r.choice(["", "?a=1&amp;b"]), a,
        signature("_b") if r.random() < 0.8 else "", sep, a, a, r.choice(["", "<!---->x"]), a, a, sep, a, attributes, a, a)
    outer = declare(p, P) + (declare(a, A) + ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' if early else "")
    issuer = "<%sIssuer%s>i</%sIssuer>" % (a, "" if early else declare(a, A), a)
    return '<%sResponse%s ID="_a" xml:lang="en">%s%s%s%s<%sStatus/>%s%s</%sResponse>' % (
        p, outer, sep, issuer, signature("_a") if r.random() < 0.6 else "", sep, p, sep, assertion, p)


THEMES = {
    "namespaces": (180, dict(attributes=0.3, size=20)),
    "prefix_list": (220, dict(attributes=0.4, size=16)),
    "default_undeclared": (120, dict(attributes=0.2, size=16)),
    # Often two prefixes stand for one namespace.
    "attribute_order": (200, dict(size=4, uris=URIS[:2])),
    "xml_attributes": (100, dict(xml=0.6, size=6)),
    "text_escapes": (120, dict(escapes=0.6, attributes=0.1, namespaces=0.2, size=6)),
    "attribute_escapes": (120, dict(escapes=0.6, namespaces=0.3, size=4)),
    "line_ends": (120, dict(ends=0.6, escapes=0.1, namespaces=0.2, size=6)),
    "comments": (120, dict(comments=0.4, size=8)),
    "astral": (100, dict(astral=0.7, escapes=0.1, namespaces=0.2, size=5)),
    "enveloped": (140, dict(signatures=0.3, size=8)),
    "saml": (140, None),
}


def children(node):
    return [child for child in node if isinstance(child.tag, str)]


def path_of(node):
    path = []
    while node.getparent() is not None:
        path.insert(0, children(node.getparent()).index(node))
        node = node.getparent()
    return path


def xpath(path):
    return "/*" + "".join("/*[%d]" % (index + 1) for index in path)


class Corpus:
    """Cases with their answers."""

    def __init__(self, short):
        self.lines, self.asked, self.agreed, self.short = [], 0, 0, short

    def add(self, octets, root, path, omit, comments, prefixes, **more):
        answer = canonical_at(octets, xpath(path), xpath(omit) if omit is not None else None, prefixes, comments)
        self.asked += 1
        if not path and omit is None and "#default" not in prefixes:
            other = etree.tostring(root, method="c14n", exclusive=True, with_comments=comments, inclusive_ns_prefixes=prefixes)
            assert other == answer, (octets, other, answer)
            self.agreed += 1
        case = dict(more, path=path, comments=comments, prefixes=prefixes)
        if omit is not None:
            case["omit"] = omit
        if len(answer) <= self.short:
            case["expected"] = answer.decode("utf-8")
        else:
            case["sha256"], case["length"] = hashlib.sha256(answer).hexdigest(), len(answer)
        self.lines.append({key: value for key, value in case.items() if value not in ([], False)})

    def write(self, name):
        with open(name, "w", encoding="utf-8") as file:
            for line in self.lines:
                file.write(json.dumps(line, ensure_ascii=True, sort_keys=True) + "\n")
        print("%d cases in %s; lxml agrees on the %d that it can express" % (self.asked, os.path.basename(name), self.agreed), file=sys.stderr)


def themed(r, corpus, theme):
    parts = THEMES[theme][1]
    xml = Maker(r, **parts).document() if parts is not None else saml(r)
    octets = xml.encode("utf-8")
    try:
        root = etree.fromstring(octets)
    except etree.XMLSyntaxError:
        return False  # Two prefixes of one attribute stand for the same namespace, or an unfortunate `]]>`.
    nodes = [node for node in root.iter(etree.Element)]
    prefixes = []
    if theme == "prefix_list" or r.random() < 0.3:
        usual = [["xs"], ["xs", "xsi"], ["#default", "saml", "ds", "xs", "xsi"], ["#default"], ["unbound"], ["xml"]]
        prefixes = r.choice(usual) if r.random() < 0.3 else r.sample(PREFIXES + ["#default"] * 3, r.choice([1, 2, 3, 6]))
    if theme == "default_undeclared" and r.random() < 0.7:
        prefixes = ["#default"] + prefixes
    target = r.choice(nodes[:1] + [node for node in nodes if len(node)] + nodes)
    omit = None
    signatures = [node for node in target.iter("{%s}Signature" % DS) if node is not target]
    if theme in ("enveloped", "saml"):
        omit = r.choice(signatures) if signatures and r.random() < 0.9 else None
    elif r.random() < 0.1:
        inner = [node for node in target.iter(etree.Element) if node is not target]
        omit = r.choice(inner) if inner else None
    corpus.add(octets, root, path_of(target), path_of(omit) if omit is not None else None, r.random() < (0.5 if theme != "comments" else 0.8),
               prefixes, theme=theme, xml=xml)
    return True


def real(corpus):
    """Documents that other people wrote: each whole, each element that has an ID, each SignedInfo; without its signature."""
    folders = ["c14n/real", "interop/xmlsec1", "interop/signxml"]
    files = sorted(os.path.join(at, name) for folder in folders for at, _, names in os.walk(os.path.join(VECTORS, folder)) for name in names)
    seen = set()
    for file in files:
        with open(file, "rb") as handle:
            octets = handle.read()
        if not file.endswith(".xml") or b"<!DOCTYPE" in octets or hashlib.sha256(octets).digest() in seen:
            continue
        seen.add(hashlib.sha256(octets).digest())
        root = etree.fromstring(octets)
        targets = [root] + [node for node in root.iter(etree.Element) if node is not root and (
            node.tag == "{%s}SignedInfo" % DS or any(name in ("ID", "Id", "id", "AssertionID") for name in node.attrib))]
        lists = {node.get("PrefixList") or "" for node in root.iter("{%s}InclusiveNamespaces" % EXC)}
        for target in targets[:6]:
            signature = [path_of(child) for child in children(target) if child.tag == "{%s}Signature" % DS][:1]
            for listed in sorted(lists | {"", "#default xs xsi ds saml"}):
                for comments in (False, True):
                    corpus.add(octets, root, path_of(target), signature[0] if signature else None, comments, listed.split(),
                               file=os.path.relpath(file, VECTORS))


REFUSED = [
    ("SG2005", ["<?a?><e/>", "<?xml version='1.0'?><?xml-stylesheet href='x'?><e/>", "<e><?a?></e>", "<e>t<?a b?>t</e>", "<e/><?a?>", "<e><!-- --><?php 1?></e>",
                "<e><f/><?a?><f/></e>", "<e a='1'><?A-b.c _?></e>"]),
    ("SG2004", ["<!DOCTYPE e><e/>", "<!DOCTYPE e [<!ENTITY x 'y'>]><e/>", "<!DOCTYPE e [<!ATTLIST e a ID #IMPLIED>]><e a='1'/>", "<?xml version='1.0'?><!--c--><!DOCTYPE e SYSTEM 'x'><e/>"]),
    # libxml2 does not escape these in a namespace name; the specification does.
    ("SG2010", ["<e xmlns='urn:a&amp;b'/>", "<p:e xmlns:p='http://x/?a=1&amp;b=2'/>", "<e xmlns='urn:&lt;'/>", "<e xmlns='urn:&gt;'/>", "<e xmlns='urn:a&quot;b'/>",
                "<e xmlns='urn:&#9;'/>", "<e xmlns='urn:a&#13;'/>", "<e xmlns='urn:a b'/>", "<e xmlns='urn:\u00e9'/>"]),
    # Relative names have no canonical form (exclusive canonical XML, 1.3).
    ("SG2010", ["<e xmlns='a'/>", "<e xmlns='../b'/>", "<p:e xmlns:p='#x'/>", "<p:e xmlns:p='//host/x'/>", "<e xmlns='?'/>", "<e><f xmlns='1'/></e>"]),
    # Bound by definition.
    ("SG2010", ["<e xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='x'/>"]),
    ("SG2003", ["<?xml version='1.1'?><e/>", "<?xml version='1.0' encoding='ISO-8859-1'?><e/>", "<?xml version='1.0' encoding='US-ASCII'?><e/>"]),
    ("SG2011", ["<\u00e9/>", "<e \u00e9='1'/>", "<p\u00e9:e xmlns:p\u00e9='urn:a'/>", "<xml:e/>"]),
    ("SG2002", ["\ufeff<e/>"]),
    ("SG2014", ["<e ID='a'><f ID='a'/></e>", "<e ID='a'><f Id='a'/></e>", "<e id='a'><f xml:id='a'/></e>"]),
]


def main():
    if len(sys.argv) == 4:
        r, corpus = random.Random(int(sys.argv[2])), Corpus(10 ** 9)
        while corpus.asked < int(sys.argv[1]):
            themed(r, corpus, r.choice(list(THEMES)))
        return corpus.write(sys.argv[3])
    r, corpus = random.Random(20261122), Corpus(240)
    for theme, (count, _) in THEMES.items():
        goal = corpus.asked + count
        while corpus.asked < goal:
            themed(r, corpus, theme)
    corpus.write(os.path.join(VECTORS, "c14n", "themes.jsonl"))
    corpus = Corpus(0)
    real(corpus)
    corpus.write(os.path.join(VECTORS, "c14n", "real.jsonl"))
    with open(os.path.join(VECTORS, "c14n", "refused.jsonl"), "w") as file:
        for code, documents in REFUSED:
            for xml in documents:
                assert is_document(xml.encode("utf-8")), xml
                file.write(json.dumps(dict(xml=xml, code=code)) + "\n")


if __name__ == "__main__":
    main()
