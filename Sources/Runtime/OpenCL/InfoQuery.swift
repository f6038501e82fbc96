import COpenCL

/// The common form of every `clGet…Info` call: size of the room, room, size needed.
struct InfoQuery {
  typealias Body = (_ size: Int, _ value: UnsafeMutableRawPointer?, _ needed: UnsafeMutablePointer<Int>?) -> cl_int

  let call: String
  let body: Body

  /// A number or a handle.
  func value<Value: BitwiseCopyable>(_ initial: Value) throws(BackendError) -> Value {
    var value = initial
    let status = withUnsafeMutablePointer(to: &value) {
      body(MemoryLayout<Value>.size, UnsafeMutableRawPointer($0), nil)
    }
    try check(status, call)
    return value
  }

  /// An array of whatever length the driver says.
  func array<Element: BitwiseCopyable>(filling element: Element) throws(BackendError) -> [Element] {
    var byteCount = 0
    try check(body(0, nil, &byteCount), call)
    var values = [Element](repeating: element, count: byteCount / MemoryLayout<Element>.stride)
    guard !values.isEmpty else { return [] }
    let status = values.withUnsafeMutableBytes { body($0.count, $0.baseAddress, nil) }
    try check(status, call)
    return values
  }

  /// Text, without the ending zero and without blanks at either end.
  func string() throws(BackendError) -> String {
    let bytes = try array(filling: UInt8(0)).prefix { $0 != 0 }
    let isBlank = { (byte: UInt8) in byte <= UInt8(ascii: " ") }
    let trimmed = bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
  }
}
