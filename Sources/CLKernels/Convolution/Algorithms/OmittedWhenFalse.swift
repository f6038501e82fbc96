/// A Boolean that is not encoded where it is false, and false where its key is missing, so that files of programs which
/// did not have it are read and written as they were.
@propertyWrapper struct OmittedWhenFalse: Codable, Hashable, Sendable {
  var wrappedValue = false
}

// The overloads that synthesized conformances to `Codable` call for a property of this type.

extension KeyedDecodingContainer {
  func decode(_ type: OmittedWhenFalse.Type, forKey key: Key) throws -> OmittedWhenFalse {
    OmittedWhenFalse(wrappedValue: try decodeIfPresent(Bool.self, forKey: key) ?? false)
  }
}

extension KeyedEncodingContainer {
  mutating func encode(_ flag: OmittedWhenFalse, forKey key: Key) throws {
    if flag.wrappedValue { try encode(true, forKey: key) }
  }
}
