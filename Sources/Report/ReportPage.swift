/// An HTML page in one file. It contains its style and its script, and loads nothing.
public struct ReportPage: Sendable {
  /// A section with a heading, which the page's navigation links to.
  public struct Section: Sendable {
    /// The name in links, of letters and hyphens.
    public let identifier: String
    public let heading: String
    public let body: HTML

    public init(_ identifier: String, _ heading: String, _ body: HTML) {
      self.identifier = identifier
      self.heading = heading
      self.body = body
    }
  }

  public let title: String
  /// The text below the title.
  public let introduction: HTML
  public let sections: [Section]
  /// The text at the page's end.
  public let footer: HTML

  public init(title: String, introduction: HTML, sections: [Section], footer: HTML) {
    self.title = title
    self.introduction = introduction
    self.sections = sections
    self.footer = footer
  }

  /// The style of every page.
  public static var style: [UInt8] { PackageResources.page_css }
  /// The script of every page.
  private static var script: [UInt8] { PackageResources.page_js }

  /// The page. Its content security policy forbids loading anything.
  public var html: HTML {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
    script-src 'unsafe-inline'">
    <title>\(title)</title>
    <style>
    \(HTML(markup: String(decoding: Self.style, as: UTF8.self)))</style>
    </head>
    <body>
    <header>
    <h1>\(title)</h1>
    \(introduction)
    <nav>\(sections.map { "<a href=\"#\($0.identifier)\">\($0.heading)</a>" as HTML })</nav>
    </header>
    <main>
    \(sections.map { section in
      """
      <section id="\(section.identifier)">
      <h2>\(section.heading)</h2>
      \(section.body)
      </section>

      """ as HTML
    })</main>
    <footer>\(footer)</footer>
    <script>
    \(HTML(markup: String(decoding: Self.script, as: UTF8.self)))</script>
    </body>
    </html>

    """
  }
}
