/// Where data sets are looked for that nobody gave a folder for.
enum StandardFolder {
  /// The folder that `variable` of the environment names, or else the first of the working folder, its `data`, and the folder
  /// of the user's data that `holdsSet`. Nil where there is none.
  static func find(_ variable: String, environment: [String: String], holdsSet: (String) -> Bool) -> String? {
    if let named = environment[variable], !named.isEmpty { return named }
    var candidates = [".", "data"]
    if let data = environment["XDG_DATA_HOME"], !data.isEmpty {
      candidates.append("\(data)/recolor")
    } else if let home = environment["HOME"], !home.isEmpty {
      candidates.append("\(home)/.local/share/recolor")
    }
    return candidates.first(where: holdsSet)
  }
}
