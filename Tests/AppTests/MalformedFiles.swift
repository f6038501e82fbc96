import Foundation
import Glibc
import Imaging

/// A folder of files made to crash image readers: damaged, oversized, cyclic.
struct MalformedFiles {
  /// Names of the files that hold a picture, however unusual.
  let sound: Set<String>
  /// Names of the files that hold none, or one that must be refused.
  let broken: Set<String>

  init(in folder: String) throws {
    var sound: Set<String> = []
    var broken: Set<String> = []
    func write(_ bytes: [UInt8], _ name: String, isSound: Bool) throws {
      try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
      if isSound { sound.insert(name) } else { broken.insert(name) }
    }
    let bytes = (0..<24 * 20 * 3).map { (index: Int) -> UInt8 in UInt8(index * 7 % 256) }
    let image = RGBImage(width: 24, height: 20, bytes: bytes)
    let png = try Self.encode(image, .png)
    let jpeg = try Self.encode(image, .jpeg)
    let tiff = try Self.encode(image, .tiff)

    try write([], "empty.png", isSound: false)
    try write([UInt8](repeating: 0, count: 4096), "zeros.tif", isSound: false)
    try write(Array("not a picture".utf8), "text.jpg", isSound: false)
    let gif: [UInt8] = Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0]
    try write(gif, "animation.png", isSound: false)
    for (name, bytes) in [("png", png), ("jpg", jpeg), ("tif", tiff)] {
      try write(Array(bytes[..<(bytes.count / 2)]), "half.\(name)", isSound: false)
      try write(Array(bytes[..<20]), "start.\(name)", isSound: false)
    }
    let webp: [UInt8] = Array("RIFF".utf8) + [255, 255, 255, 255]
    try write(webp + Array("WEBPVP8X".utf8), "start.webp", isSound: false)
    try write(Self.endlessTIFF, "loop.tiff", isSound: false)
    try write(Self.claim(width: 60_000, height: 60_000), "bomb.png", isSound: false)
    try write(Self.claim(width: 2_000_000_000, height: 1), "wide.png", isSound: false)
    try write(Self.claim(width: 9_000, height: 9_000), "hollow.png", isSound: false)

    try write(jpeg, "really a jpeg.png", isSound: true)
    try write(png, "Ärger mit Ümläuten 写真 🎞.PNG", isSound: true)
    try write(Self.encode(RGBImage(width: 1, height: 1, color: .white), .png), "1x1.png", isSound: true)
    try write(Self.encode(RGBImage(width: 1, height: 20_000, color: .black), .png), "1x20000.png", isSound: true)
    let line = RGBImage(width: 20_000, height: 1, color: .black)
    try write(Self.encode(line, .jpeg), "20000x1.jpg", isSound: true)
    let vectors = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../ImagingTests/Vectors")
    for path in [
      "codecs/gray16.png", "codecs/cmyk.jpg", "photographs/animated.webp", "photographs/pages.tif",
      "photographs/palette.gif",
    ] {
      let bytes = [UInt8](try Data(contentsOf: vectors.appending(path: path)))
      try write(bytes, URL(filePath: path).lastPathComponent, isSound: true)
    }

    guard mkfifo("\(folder)/pipe.png", 0o600) == 0, symlink("missing.png", "\(folder)/dangling.png") == 0,
      symlink("loop.jpg", "\(folder)/loop.jpg") == 0, symlink(".", "\(folder)/itself") == 0
    else { throw CocoaError(.fileWriteUnknown) }
    broken.formUnion(["pipe.png", "dangling.png", "loop.jpg"])
    self.sound = sound
    self.broken = broken
  }

  private static func encode(_ image: RGBImage, _ format: ImageFormat) throws -> [UInt8] {
    let output = MemoryOutput()
    try image.write(to: output, as: format, name: "test")
    return output.bytes
  }

  /// Returns a PNG file that claims a size and has almost no data.
  private static func claim(width: UInt32, height: UInt32) -> [UInt8] {
    let sides = [width, height].flatMap { side in (0..<4).map { UInt8(truncatingIfNeeded: side >> (24 - 8 * $0)) } }
    let header = chunk("IHDR", sides + [8, 2, 0, 0, 0])
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + header
      + chunk("IDAT", [0x78, 0x9C, 3, 0, 0, 0, 0, 1]) + chunk("IEND", [])
  }

  private static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
    func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    let content = Array(kind.utf8) + body
    var checksum = UInt32.max
    for byte in content {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = checksum & 1 == 1 ? 0xEDB8_8320 ^ (checksum >> 1) : checksum >> 1 }
    }
    return number(UInt32(body.count)) + content + number(~checksum)
  }

  /// A TIFF file whose only directory is empty and its own successor.
  private static let endlessTIFF: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 0]
}
