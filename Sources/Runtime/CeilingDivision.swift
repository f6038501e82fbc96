/// Returns `dividend / divisor`, rounded up.
/// - Parameters:
///   - dividend: greater than `-divisor`.
///   - divisor: positive.
package func ceilDivide(_ dividend: Int, _ divisor: Int) -> Int { (dividend + divisor - 1) / divisor }
