import KernelCases
import Testing

/// Σ a(i) · b(i)
func dot(_ a: ReferenceTensor, _ b: ReferenceTensor) -> Double {
  zip(a.values, b.values).reduce(0) { $0 + $1.0 * $1.1 }
}

/// Holds a gradient against central differences (f(x + h) − f(x − h)) / 2h in each of the elements, relative to the
/// largest.
///
/// - Parameters:
///   - gradient: the formula's ∂f/∂x at `point`
///   - function: f
func expectGradient(
  _ gradient: ReferenceTensor, at point: ReferenceTensor, of function: (ReferenceTensor) -> Double,
  _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  // Rounding costs 1e-16 / h and the third derivative h²: both are about 1e-10 here.
  let step = 1e-5
  var worst = 0.0
  for index in point.values.indices {
    var above = point
    above[index] += step
    var below = point
    below[index] -= step
    let difference = (function(above) - function(below)) / (2 * step)
    worst = max(worst, abs(difference - gradient[index]))
  }
  let scale = gradient.values.reduce(0) { max($0, abs($1)) }
  #expect(scale > 0, comment, sourceLocation: sourceLocation)
  #expect(worst <= 1e-7 * scale, comment, sourceLocation: sourceLocation)
}
