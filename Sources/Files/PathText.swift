import Glibc

extension Unicode.Scalar {
  /// The first code point that stands for a byte, less the byte.
  private static let firstStandIn: UInt32 = 0x10FE00

  /// The byte of a path that this stands for; nil for all other code points. See `String.init(pathBytes:)`.
  public var pathByte: UInt8? {
    let range = Self.firstStandIn + 0x80...Self.firstStandIn + 0xFF
    return range.contains(value) ? UInt8(value - Self.firstStandIn) : nil
  }

  init(standingFor byte: UInt8) { self = Self(Self.firstStandIn + UInt32(byte)) ?? "\u{FFFD}" }
}

extension String {
  /// Creates the text of a path or of an argument of the command line.
  ///
  /// To the system a path is bytes of any encoding. Here it is a string in which code points of private use, U+10FE80
  /// to U+10FEFF, stand for the bytes 0x80 to 0xFF that are no UTF-8, so that every path has a text of its own and
  /// `withPathBytes` returns its bytes. Where such a code point is in a path itself, its bytes are replaced as well.
  public init(pathBytes bytes: some Collection<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self), !text.holdsPathBytes {
      self = text
      return
    }
    var scalars = UnicodeScalarView()
    var rest = Array(bytes)[...]
    while let first = rest.first {
      // The length of a code point follows from its first byte.
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      if let text = String(validating: rest.prefix(length), as: UTF8.self), !text.holdsPathBytes {
        scalars.append(contentsOf: text.unicodeScalars)
        rest = rest.dropFirst(length)
      } else {
        scalars.append(Unicode.Scalar(standingFor: first))
        rest = rest.dropFirst()
      }
    }
    self = String(scalars)
  }

  /// Creates the text of a path that ends with a zero byte.
  public init(path: UnsafePointer<CChar>) {
    var count = 0
    while path[count] != 0 { count += 1 }
    self.init(pathBytes: UnsafeRawBufferPointer(start: path, count: count))
  }

  var holdsPathBytes: Bool {
    // The code points' first byte; few strings hold it.
    utf8.contains(0xF4) && unicodeScalars.contains { $0.pathByte != nil }
  }

  /// Returns the result of `body` for the path's bytes and a zero byte.
  public func withPathBytes<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    guard holdsPathBytes else { return withCString(body) }
    var bytes: [CChar] = []
    for scalar in unicodeScalars {
      if let byte = scalar.pathByte {
        bytes.append(CChar(bitPattern: byte))
      } else {
        bytes += UTF8.encode(scalar)?.map { CChar(bitPattern: $0) } ?? []
      }
    }
    bytes.append(0)
    return bytes.withUnsafeBufferPointer { bytes in bytes.baseAddress.map(body) ?? withCString(body) }
  }
}

/// The environment variables of this process whose values are paths.
public enum Environment {
  /// Their values, of any encoding, as `String.init(pathBytes:)` makes them.
  public static var paths: [String: String] {
    var paths: [String: String] = [:]
    for name in names {
      if let value = getenv(name) { paths[name] = String(path: value) }
    }
    return paths
  }

  private static let names = [
    "RECOLOR_CACHE", "RECOLOR_CIFAR10", "RECOLOR_CIFAR100", "RECOLOR_KERNELS", "RECOLOR_MPI", "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "HOME", "POCL_CACHE_DIR", "POCL_KERNEL_CACHE",
  ]
}
