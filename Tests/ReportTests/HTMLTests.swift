import Testing

@testable import Report

@Suite("HTML")
struct HTMLTests {
  @Test("Text is escaped and markup is not")
  func textIsEscapedAndMarkupIsNot() {
    let name = "<script>alert('1 & 2')</script> \"x\""
    let cell: HTML = "<td title=\"\(name)\">\(name)</td>"
    let escaped = "&lt;script&gt;alert(&#39;1 &amp; 2&#39;)&lt;/script&gt; &quot;x&quot;"
    #expect(cell.markup == "<td title=\"\(escaped)\">\(escaped)</td>")
    let row: HTML = "<tr>\(cell)\([cell, cell])\(3)</tr>"
    #expect(row.markup == "<tr>\(cell.markup)\(cell.markup)\(cell.markup)3</tr>")
    #expect((cell + row).markup == cell.markup + row.markup)
  }

  @Test("Control characters are replaced")
  func controlCharactersAreReplaced() {
    let text: HTML = "\("a\u{0}b\u{1B}c\nd\u{85}é")"
    #expect(text.markup == "a\u{FFFD}b\u{FFFD}c\nd\u{FFFD}é")
  }

  @Test("Pages load nothing")
  func pagesLoadNothing() {
    let page = ReportPage(
      title: "<One>", introduction: "<p>two</p>", sections: [.init("three", "Three & four", "<p>five</p>")],
      footer: "six")
    let markup = page.html.markup
    #expect(markup.contains("<title>&lt;One&gt;</title>") && markup.contains("<a href=\"#three\">Three &amp; four</a>"))
    #expect(markup.contains("<section id=\"three\">") && markup.contains("<p>five</p>"))
    // The page contains its style and its script, which load nothing.
    #expect(markup.contains("prefers-color-scheme: dark") && markup.contains("pointermove"))
    for loader in ["<link", "@import", "url(", "fetch(", "XMLHttpRequest", " src=", "<iframe"] {
      #expect(!markup.contains(loader), "\(loader)")
    }
    #expect(markup.contains("default-src 'none'"))
  }

  @Test("Images become data URIs")
  func imagesBecomeDataURIs() {
    #expect(DataURI.png([0x89, 0x50, 0x4E, 0x47]) == "data:image/png;base64,iVBORw==")
  }
}
