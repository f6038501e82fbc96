/// max |found − expected| / max |expected|; infinite where the counts differ or a value is not finite, and the absolute
/// distance where everything expected is zero.
public func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
  let distance = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
  let scale = expected.reduce(0) { max($0, abs($1)) }
  return scale > 0 ? distance / scale : distance
}
