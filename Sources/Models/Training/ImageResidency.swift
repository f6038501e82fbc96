/// How many of a data set's images lie on the device. It changes nothing but memory and speed.
public enum ImageResidency: Hashable, Sendable {
  /// All, unless they take more than half of the device's memory or more than the device gives in one piece.
  case automatic
  case all
  /// A window of this many, or a few less, which moves on as they are used; all where there are no more.
  case window(Int)
}
