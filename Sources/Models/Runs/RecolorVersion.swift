/// The version of this program and its libraries, by semantic versioning.
public enum RecolorVersion {
  public static let current = "0.1.0"
}
