import Files
import Foundation
import TestSupport
import Testing

@Suite("Texts of paths")
struct PathTextTests {
  /// Returns the bytes that the system gets, without the zero at their end.
  private func bytes(of path: String) -> [UInt8] {
    path.withPathBytes { path in
      var bytes: [UInt8] = []
      while path[bytes.count] != 0 { bytes.append(UInt8(bitPattern: path[bytes.count])) }
      return bytes
    }
  }

  @Test("UTF-8 is its own text", arguments: ["", "a.jpg", "Größe/写真 👩‍🚀.png", "\u{10FFFD}\u{F8FF}\u{10FE7F}\u{10FF00}"])
  func textOfUTF8(text: String) {
    #expect(String(pathBytes: text.utf8) == text)
    #expect(bytes(of: text) == Array(text.utf8))
  }

  @Test("Any bytes are kept, and different bytes have different texts")
  func anyBytes() {
    var names: [[UInt8]] = [
      Array("caf".utf8) + [0xE9] + Array(".jpg".utf8), [0xFF, 0xFE], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xF0, 0x9F],
      // Code points that stand for bytes, an overlong form, a surrogate, and a number above all code points.
      Array("\u{10FEE9}".utf8), Array("a\u{10FE80}\u{10FEFF}b".utf8), [0xC0, 0xAF], [0xED, 0xA0, 0x80],
      [0xF4, 0x90, 0x80, 0x80],
    ]
    var generator = SystemRandomNumberGenerator()
    for count in 1...200 {
      names.append((0..<count % 12 + 1).map { _ in UInt8.random(in: 1...255, using: &generator) })
    }
    for name in names { #expect(bytes(of: String(pathBytes: name)) == name) }
    #expect(Set(names.map { String(pathBytes: $0) }).count == Set(names).count)
    #expect(String(pathBytes: names[0]) != "caf\u{10FEE9}" && String(pathBytes: names[0]).hasSuffix(".jpg"))
  }

  @Test("In JSON, bytes that are no UTF-8 are surrogates without a partner, and come back from them")
  func json() {
    let names: [[UInt8]] = [
      [0xE9], [0x80, 0xFF], Array("caf".utf8) + [0xE9], Array("\u{10FEE9}".utf8), Array("é".utf8),
    ]
    for name in names {
      let json = "{\"data\": \"\(String(pathBytes: name))\"}"
      let escaped = json.escapingPathBytes
      #expect(escaped.restoringPathBytes == json)
      #expect(escaped.unicodeScalars.allSatisfy { $0.pathByte == nil })
    }
    #expect("\"\(String(pathBytes: [0xE9]))\"".escapingPathBytes == #""\udce9""#)
    #expect(#""\uDCE9""#.restoringPathBytes == "\"\(String(pathBytes: [0xE9]))\"")
    for other in [
      // An escaped backslash, a pair whose second half stands for a byte without the first, other code units, and
      // escapes that are cut or no number.
      #""\\udce9""#, #""\ud83d\udc80""#, #""\udc7f\udd00\ud800\u00e9""#, #"\udce"#, #"\u+ce9"#, #"\n\""#, "\\",
    ] {
      #expect(other.restoringPathBytes == other)
    }
    // The end of a pair, and a byte after it.
    #expect(#"\ud83d\udc80\udc80"#.restoringPathBytes == #"\ud83d\udc80"# + String(pathBytes: [0x80]))
  }

  @Test("Files and folders of any name are written, listed and removed")
  func files() throws {
    let folder = try TemporaryFolder()
    let inner = "\(folder.path)/" + String(pathBytes: [0x66, 0xE9, 0xFF])
    let name = String(pathBytes: [0xE9]) + ".png"
    try Folder.create("\(inner)/deeper")
    try AtomicFile.write([7], to: "\(inner)/\(name)")
    #expect(try Folder.names(in: folder.path) == [Folder.name(of: inner)])
    #expect(try Folder.names(in: inner) == ["deeper", name])
    #expect(try readFile("\(inner)/\(name)") == [7])
    #expect(Folder.realPath("\(inner)/deeper/../\(name)")?.hasSuffix("/\(name)") == true)
    #expect(Folder.parent(of: "\(inner)/\(name)") == inner && Folder.name(of: "\(inner)/\(name)") == name)
    Folder.remove(inner)
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("A combining character after a slash does not hide it")
  func combiningCharacters() {
    #expect(Folder.parent(of: "in/\u{301}a.png") == "in" && Folder.name(of: "in/\u{301}a.png") == "\u{301}a.png")
  }

  @Test("Paths of environment variables keep their bytes")
  func environmentPaths() throws {
    // Read by no other test of this target.
    let name = "RECOLOR_KERNELS"
    #expect("/k\u{10FEFF}".withPathBytes { setenv(name, $0, 1) } == 0)
    defer { unsetenv(name) }
    let path = try #require(Environment.paths[name])
    #expect(path == String(pathBytes: Array("/k".utf8) + [0xFF]))
  }
}
