import Files
import Foundation
import Imaging
import Report
import TestSupport
import Testing

/// The files that `compare` writes.
@Suite("compare")
struct CompareTests {
  let folder: TemporaryFolder
  private let run: String
  private let out: String
  /// A name that breaks pages and tables where it is not escaped.
  private let name = "</script><b>\"a, 'b' & ü"

  init() throws {
    folder = try TemporaryFolder()
    run = folder.path + "/run"
    out = folder.path + "/out"
    let trained = try RecolorProcess.run(
      "train", "unet", "--data", "scenes", "--out", run, "--device", "cpu", "--width", "4", "--batch-size", "8",
      "--train-images", "32", "--validation-images", "16", "--epochs", "2")
    #expect(trained.exitCode == 0, "\(trained.errorOutput)")
  }

  private func compare(_ options: String...) throws -> RecolorProcess.Result {
    try RecolorProcess(
      ["compare", "\(name)=\(run)", run + "/checkpoints/last.safetensors", "--data", "scenes", "--images", "20"]
        + ["--rows", "3", "--out", out, "--device", "cpu"] + options
    ).wait()
  }

  private func text(_ file: String) throws -> String { try String(contentsOfFile: "\(out)/\(file)", encoding: .utf8) }

  private func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text("comparison.json").utf8)) as? [String: Any])
  }

  /// Returns a table's rows by the fields of their first columns.
  private func rows(_ file: String, keys: Int) throws -> [[String]: [String: String]] {
    let table = CSVTable(parsing: try text(file))
    return Dictionary(
      uniqueKeysWithValues: table.rows.map { row in
        (Array(row.prefix(keys)), Dictionary(uniqueKeysWithValues: zip(table.columns, row)))
      })
  }

  /// The metrics' keys in JSON and in CSV, and the factor between their values.
  private static let figures = [
    ("mse", "mse", 1.0), ("psnr", "psnr", 1), ("psnrPerImage", "psnr_per_image", 1), ("ssim", "ssim", 1),
    ("mae", "mae", 1), ("accuracyWithin2", "accuracy_2", 100), ("accuracyWithin5", "accuracy_5", 100),
    ("deltaE", "delta_e", 1), ("colorfulness", "colorfulness", 1),
  ]

  private func expectSame(_ metrics: Any?, _ row: [String: String]?) throws {
    let metrics = try #require(metrics as? [String: Any])
    let row = try #require(row)
    for (name, column, factor) in Self.figures {
      let value = try #require(metrics[name] as? Double)
      let written = try #require(row[column].flatMap { Double($0) })
      #expect(abs(value * factor - written) <= 1e-12 * abs(written), "\(name)")
    }
  }

  @Test("JSON and tables agree")
  func jsonAndTablesAgree() throws {
    let result = try compare("--json")
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(try text("comparison.json") == result.output)
    let report = try json()
    #expect(report["format"] as? String == "recolor comparison")
    let models = try #require(report["models"] as? [[String: Any]])
    #expect(models.map { $0["name"] as? String } == [name, "run"])
    let rows = try rows("comparison.csv", keys: 1)
    #expect(rows.count == 4)
    try expectSame(models[0]["metrics"], rows[[name]])
    try expectSame(models[1]["metrics"], rows[["run"]])
    try expectSame(report["grayCopy"], rows[["gray copy"]])
    try expectSame(report["truth"], rows[["photographs"]])

    let classes = try #require(report["classes"] as? [[String: Any]])
    let classRows = try self.rows("classes.csv", keys: 2)
    #expect(classRows.count == 4 * classes.count && classes.count > 1)
    var images = 0
    for figures in classes {
      let label = try #require(figures["name"] as? String)
      try expectSame((figures["models"] as? [Any])?[1], classRows[[label, "run"]])
      try expectSame(figures["grayCopy"], classRows[[label, "gray copy"]])
      images += try #require(figures["images"] as? Int)
    }
    #expect(images == 20)

    let curves = try #require(report["curves"] as? [[String: Any]])
    let points = try #require((curves.first?["runs"] as? [[String: Any]])?.first?["points"] as? [[String: Double]])
    let quantity = try #require(curves.first?["name"] as? String)
    let logged = try self.rows("curves.csv", keys: 3)
    #expect(points.count == 2)
    for (point, epoch) in zip(points, ["1", "2"]) {
      #expect(logged[[name, quantity, epoch]]?["value"].flatMap { Double($0) } == point["value"])
    }
    let shown = try #require(report["photographs"] as? [[String: Any]])
    #expect(shown.count == 3)
  }

  @Test("The page loads nothing")
  func thePageLoadsNothing() throws {
    let result = try compare()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(result.output.contains("\(out)/index.html"))
    let page = try text("index.html")
    for loader in ["https:", "<link", "@import", "url(", "src=\"//", "srcset"] {
      #expect(!page.contains(loader), "\(loader)")
    }
    // The namespace of SVG has the form of an address.
    #expect(page.components(separatedBy: "http:").count - 1 == 1 && page.contains("http://www.w3.org/2000/svg"))
    let sources = page.components(separatedBy: " src=\"").dropFirst()
    #expect(sources.count == 3 * 4 && sources.allSatisfy { $0.hasPrefix("data:image/png;base64,") })

    #expect(!page.contains("<b>\"a"))
    #expect(page.components(separatedBy: "</script>").count - 1 == 1)
    #expect(page.contains("&lt;/script&gt;&lt;b&gt;&quot;a, &#39;b&#39; &amp; ü"))
    // The page and the console have the same values.
    let row = try #require(rows("comparison.csv", keys: 1)[[name]])
    let mse = try #require(row["mse"].flatMap { Double($0) })
    #expect(
      page.contains(">\(String(format: "%.5f", mse))</td>") && result.output.contains(String(format: "%.5f", mse)))
    #expect(page.contains("--rows 3") && page.contains("options.learningRate"))
  }

  @Test("Names that are no UTF-8 are written out in tables and on the page, and have their bytes in JSON")
  func namesThatAreNotUTF8() throws {
    let cafe = String(pathBytes: Array("caf".utf8) + [0xE9])
    let moved = run.withCString { run in "\(folder.path)/\(cafe)".withPathBytes { rename(run, $0) } }
    #expect(moved == 0)
    // Classes of such names as well.
    let data = folder.path + "/data"
    for number in 1...4 {
      let path = "\(data)/\(number % 2 == 0 ? cafe : "plain")/\(number).png"
      try Folder.create(Folder.parent(of: path))
      try AtomicFile.write(RGBImage.colorful(width: 40, height: 32, level: UInt8(40 * number)).png(), to: path)
    }
    // The shell names the run, since the arguments of a `Process` are UTF-8.
    let result = try RecolorProcess(
      ["compare", "--data", data, "--out", out, "--device", "cpu"], directory: folder.path,
      through: ["/bin/sh", "-c", #"exec "$0" "$@" caf*"#]
    ).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(try rows("comparison.csv", keys: 1)[[#"caf\xe9"#]] != nil)
    #expect(try rows("classes.csv", keys: 2)[[#"caf\xe9"#, #"caf\xe9"#]] != nil)
    #expect(try rows("curves.csv", keys: 3)[[#"caf\xe9"#, "validation_mse", "2"]] != nil)
    let page = try text("index.html")
    #expect(page.contains(#">caf\xe9</"#))
    #expect(try text("comparison.json").contains(#""name" : "caf\udce9""#))
    for file in ["comparison.csv", "classes.csv", "curves.csv", "index.html", "comparison.json"] {
      #expect(try text(file).unicodeScalars.allSatisfy { $0.pathByte == nil }, "\(file)")
    }
  }

  @Test("All logged quantities are drawn")
  func allLoggedQuantitiesAreDrawn() throws {
    let path = run + "/metrics.csv"
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let extended = zip(lines, ["moon_phase", "0.25", "0.5"]).map { "\($0),\($1)\n" }.joined()
    try extended.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try compare().exitCode == 0)
    #expect(try text("index.html").contains("moon phase"))
    #expect(try rows("curves.csv", keys: 3)[["run", "moon_phase", "2"]]?["value"] == "0.5")
    let names = try #require(try json()["curves"] as? [[String: Any]]).compactMap { $0["name"] as? String }
    let columns = lines[0].split(separator: ",").map(String.init)
    #expect(Set(names).isSuperset(of: columns.filter { $0 != "epoch" && $0 != "step" }))
  }

  @Test("Logs of any numbers are drawn")
  func logsOfAnyNumbersAreDrawn() throws {
    let log = """
      epoch,step,loss,error,other
      1,1,-1e308,nan,inf
      2,2,1e308,5e-324,-inf
      nan,3,1,1,1
      1e308,4,0,1e999,x
      -1e308,5,0,1,1

      """
    try log.write(toFile: run + "/metrics.csv", atomically: true, encoding: .utf8)
    let result = try compare()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(try text("index.html").contains("data-y=\"-1e+308\""))
    #expect(try rows("curves.csv", keys: 3)[["run", "loss", "2"]]?["value"] == "1e+308")
  }

  @Test("Models of the same name are refused", arguments: [["a=", "a="], ["", ""], ["</b>=", "</b>="]])
  func modelsOfTheSameNameAreRefused(_ names: [String]) throws {
    let models = names.map { $0 + run }
    let result = try RecolorProcess(
      ["compare"] + models + ["--data", "scenes", "--images", "2", "--out", out, "--device", "cpu"]
    ).wait()
    #expect(result.exitCode == 64 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("two models have the name "), "\(result.errorOutput)")
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test("Folders with other files are refused")
  func foldersWithOtherFilesAreRefused() throws {
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(filePath: out + "/index.html"))
    let refused = try compare()
    #expect(refused.exitCode == 1)
    #expect(refused.errorLines.count == 1 && refused.errorOutput.contains("--force"))
    #expect(try text("index.html") == "mine")
    #expect(try FileManager.default.contentsOfDirectory(atPath: out) == ["index.html"])

    #expect(try compare("--force").exitCode == 0)
    let page = try text("index.html")
    try Data("letter".utf8).write(to: URL(filePath: out + "/letter.txt"))
    // An earlier comparison is replaced; other files stay. The same command gives the same page.
    #expect(try compare("--force").exitCode == 0)
    #expect(try text("index.html") == page)
    #expect(try compare("--rows", "2").exitCode == 0)
    #expect(try text("letter.txt") == "letter" && text("index.html") != page)
  }

  @Test("Failed writes leave nothing")
  func failedWritesLeaveNothing() throws {
    let nowhere = try compare("--out", run + "/config.json/out")
    #expect(nowhere.exitCode == 1 && nowhere.errorLines.count == 1)
    #expect(nowhere.errorOutput.contains("config.json is no folder"))
    try FileManager.default.createDirectory(atPath: out + "/curves.csv", withIntermediateDirectories: true)
    let refused = try compare("--force")
    #expect(refused.exitCode == 1 && refused.errorLines.count == 1)
    #expect(refused.errorOutput.contains("curves.csv"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: out) == ["curves.csv"])
  }
}
