/// A parameter that files have only where it is set: programs that wrote older ones did not know it.
@propertyWrapper struct LaterFlag: Codable, Hashable, Sendable {
  var wrappedValue = false
}

// The overloads that synthesized conformances to `Codable` call for a property of this type.

extension KeyedDecodingContainer {
  func decode(_ type: LaterFlag.Type, forKey key: Key) throws -> LaterFlag {
    LaterFlag(wrappedValue: try decodeIfPresent(Bool.self, forKey: key) ?? false)
  }
}

extension KeyedEncodingContainer {
  mutating func encode(_ flag: LaterFlag, forKey key: Key) throws {
    if flag.wrappedValue { try encode(true, forKey: key) }
  }
}
