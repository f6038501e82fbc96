import Foundation
import Imaging
import Report
import TestSupport
import Testing

/// `evaluate --full-size`, and toned pictures in the folders that are trained and measured on.
@Suite("Photographs at full size")
struct FullSizeTests {
  let folder: TemporaryFolder
  private let photographs: String
  private let weights: String

  init() throws {
    folder = try TemporaryFolder()
    photographs = folder.path + "/photographs"
    weights = folder.path + "/weights.safetensors"
    try FileManager.default.createDirectory(atPath: photographs + "/inside", withIntermediateDirectories: true)
    for (name, width, height, level) in [("a", 60, 90, 40), ("b", 33, 20, 120), ("inside/c", 40, 100, 200)] {
      try RGBImage.colorful(width: width, height: height, level: UInt8(level))
        .writePNG(to: "\(photographs)/\(name).png")
    }
    try UntrainedWeights.write(to: weights)
  }

  private func run(_ arguments: [String]) throws -> RecolorProcess.Result {
    try RecolorProcess(arguments + ["--device", "cpu"], environment: ["RECOLOR_CACHE": folder.path + "/cache"]).wait()
  }

  private func evaluate(_ options: String...) throws -> RecolorProcess.Result { try evaluate(options) }

  private func evaluate(_ options: [String]) throws -> RecolorProcess.Result {
    try run(["evaluate", weights, "--data", photographs, "--full-size"] + options)
  }

  private func json(_ result: RecolorProcess.Result) throws -> [String: Any] {
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func addToned() throws {
    for name in ["gray", "inside/gray"] {
      try RGBImage.colorful(width: 50, height: 50, level: 60).gray.writePNG(to: "\(photographs)/\(name).png")
    }
  }

  @Test("Reports hold means, every picture and the worst one")
  func reports() throws {
    let csv = folder.path + "/scores.csv"
    let report = try json(try evaluate("--json", "--csv", csv, "--working-size", "48"))
    #expect(report["images"] as? Int == 3 && report["workingSize"] as? Int == 48)
    let pictures = try #require(report["pictures"] as? [[String: Any]])
    #expect(pictures.compactMap { $0["name"] as? String } == ["a.png", "b.png", "inside/c.png"])
    func values(_ key: String, _ metric: String) -> [Double] {
      pictures.compactMap { ($0[key] as? [String: Any])?[metric] as? Double }
    }
    let (deltaE, gray) = (values("model", "deltaE"), values("grayCopy", "deltaE"))
    try #require(deltaE.count == 3 && gray.count == 3)
    let mean = try #require(report["deltaE"] as? Double)
    #expect(abs(mean - deltaE.reduce(0, +) / 3) < 1e-9)
    let ratio = try #require(report["deltaERatio"] as? Double)
    #expect(abs(ratio - deltaE.reduce(0, +) / gray.reduce(0, +)) < 1e-9)
    let excesses = zip(deltaE, gray).map { $0 - $1 }
    let worst = try #require(report["worst"] as? [String: Any])
    let excess = try #require(worst["deltaEExcess"] as? Double)
    #expect(abs(excess - (excesses.max() ?? 0)) < 1e-9)

    let table = CSVTable(parsing: try String(contentsOfFile: csv, encoding: .utf8))
    #expect(table.rows.map { $0[0] } == ["a.png", "b.png", "inside/c.png"])
    let column = try #require(table.columns.firstIndex(of: "delta_e"))
    // JSON's numbers may have been rounded when they were read.
    for (row, value) in zip(table.rows, deltaE) { #expect(abs((Double(row[column]) ?? .nan) - value) < 1e-12 * value) }
    // Files are not replaced.
    let again = try evaluate("--csv", csv)
    #expect(again.exitCode == 1 && again.errorOutput.contains("--csv"))
  }

  /// The file that `colorize` makes of the gray copy, measured by the same means.
  @Test("Pictures are colored as by colorize")
  func picturesAreColoredAsByColorize() throws {
    let photograph = try RGBImage(contentsOf: photographs + "/a.png")
    let gray = folder.path + "/gray.png"
    try photograph.withoutChroma.writePNG(to: gray)
    let out = folder.path + "/colored.png"
    let options = ["--working-size", "32", "--strength", "1.5", "--color-contrast", "1"]
    #expect(try run(["colorize", weights, gray, "--out", out] + options).exitCode == 0)
    let expected = PictureScorer.scores(of: [try RGBImage(contentsOf: out)], against: photograph).predictions[0]
    let report = try json(try evaluate(["--json", "--images", "1"] + options))
    #expect(report["images"] as? Int == 1)
    for metric in PictureMetric.allCases {
      let found = try #require(report[metric.rawValue] as? Double)
      #expect(abs(found - expected[metric]) < 1e-9, "\(metric.rawValue)")
    }
  }

  @Test("Strength 0 is the gray copy")
  func strengthZeroIsTheGrayCopy() throws {
    let report = try json(try evaluate("--json", "--strength", "0"))
    #expect(report["deltaERatio"] as? Double == 1 && report["colorfulnessShare"] as? Double == 0)
    let text = try evaluate("--strength", "0").output
    for part in ["gray copy", "photographs", "SSIM of chroma", "ΔE is 1.000", "0.0 %"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test("Pictures that cannot be measured are left out")
  func picturesThatCannotBeMeasuredAreLeftOut() throws {
    try addToned()
    try Data("none".utf8).write(to: URL(filePath: photographs + "/broken.jpg"))
    try RGBImage.colorful(width: 10, height: 40, level: 9).writePNG(to: photographs + "/narrow.png")
    let result = try evaluate("--json")
    let report = try json(result)
    #expect(report["images"] as? Int == 3)
    let leftOut = try #require(report["leftOut"] as? [String: Int])
    #expect(leftOut == ["toned": 2, "unreadable": 2])
    for part in [
      "broken.jpg", "narrow.png", "unreadable images left out: 2 of 7", "gray or toned images left out: 2 of 5",
    ] {
      #expect(result.errorOutput.contains(part), "\(result.errorOutput)")
    }
    #expect(try json(try evaluate("--json", "--toned", "keep"))["images"] as? Int == 5)
  }

  @Test("The number of images counts those that are measured")
  func theNumberOfImagesCountsThoseThatAreMeasured() throws {
    try addToned()
    let report = try json(try evaluate("--json", "--images", "3"))
    #expect(report["images"] as? Int == 3)
    #expect(report["leftOut"] as? [String: Int] == ["toned": 1, "unreadable": 0])
    let all = try evaluate("--json", "--images", "4")
    #expect(try json(all)["images"] as? Int == 3)
    #expect(all.errorOutput.contains("--images 4: \(photographs) holds only 3"), "\(all.errorOutput)")
  }

  @Test("Photographs without color have no ratios")
  func photographsWithoutColorHaveNoRatios() throws {
    let gray = folder.path + "/gray"
    try FileManager.default.createDirectory(atPath: gray, withIntermediateDirectories: true)
    try RGBImage.colorful(width: 50, height: 50, level: 60).gray.writePNG(to: gray + "/a.png")
    let arguments = ["evaluate", weights, "--data", gray, "--full-size", "--toned", "keep"]
    let report = try json(try run(arguments + ["--json"]))
    #expect(report["deltaERatio"] is NSNull && report["colorfulnessShare"] is NSNull)
    let text = try run(arguments).output
    #expect(text.contains("The photographs have no color: the ratios say nothing."), "\(text)")
    #expect(!text.contains("%") && !text.contains("inf"), "\(text)")
  }

  @Test("At the training size, the folder of the images is named")
  func atTheTrainingSizeTheFolderIsNamed() throws {
    let result = try run(["evaluate", weights, "--data", photographs, "--images", "1"])
    #expect(result.output.contains("1 image of photographs, the test split"), "\(result.output)\(result.errorOutput)")
  }

  @Test("Folders of a test part are measured on it")
  func foldersOfATestPartAreMeasuredOnIt() throws {
    let parts = folder.path + "/parts"
    try FileManager.default.createDirectory(atPath: parts + "/train", withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: photographs, toPath: parts + "/test")
    let report = try json(try run(["evaluate", weights, "--data", parts, "--full-size", "--json"]))
    #expect(report["images"] as? Int == 3)
  }

  @Test("Toned pictures are not trained on, and the run records it")
  func tonedPicturesAreNotTrainedOn() throws {
    try addToned()
    func train(_ name: String, _ options: String...) throws -> (configuration: [String: Any], remarks: String) {
      let out = "\(folder.path)/\(name)"
      let result = try run(
        [
          "train", "unet", "--data", photographs, "--out", out, "--width", "4", "--batch-size", "2", "--steps", "1",
          "--validation-images", "1",
        ] + options)
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      let bytes = try Data(contentsOf: URL(filePath: out + "/config.json"))
      return (try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any]), result.errorOutput)
    }
    func count(_ configuration: [String: Any]) -> Int? {
      (configuration["dataFingerprint"] as? [String: Any])?["imageCount"] as? Int
    }
    let dropped = try train("dropped")
    #expect(dropped.configuration["toned"] as? String == "drop" && count(dropped.configuration) == 3)
    #expect(dropped.remarks.contains("gray or toned images left out: 2 of 5; --toned keep keeps them"))
    let kept = try train("kept", "--toned", "keep")
    #expect(kept.configuration["toned"] as? String == "keep" && count(kept.configuration) == 5)
    #expect(!kept.remarks.contains("toned"))

    // A run is measured on the images that it had; one of an earlier build had all.
    let path = folder.path + "/kept/config.json"
    var configuration = kept.configuration
    configuration["toned"] = nil
    try JSONSerialization.data(withJSONObject: configuration).write(to: URL(filePath: path))
    func validated(_ name: String, _ options: String...) throws -> RecolorProcess.Result {
      try run(["evaluate", "\(folder.path)/\(name)", "--data", photographs, "--split", "train", "--json"] + options)
    }
    #expect(try json(try validated("kept"))["images"] as? Int == 4)
    #expect(try json(try validated("dropped"))["images"] as? Int == 2)
    let contradiction = try validated("dropped", "--toned", "keep")
    #expect(contradiction.exitCode == 1 && contradiction.errorOutput.contains("--toned keep"))
  }

  @Test("Folders of toned pictures are refused in one line")
  func foldersOfTonedPicturesAreRefused() throws {
    let toned = folder.path + "/toned"
    try FileManager.default.createDirectory(atPath: toned, withIntermediateDirectories: true)
    for number in 1...3 {
      try RGBImage(width: 40, height: 40, color: RGBColor(red: 150, green: 120, blue: UInt8(10 * number)))
        .writePNG(to: "\(toned)/\(number).png")
    }
    let out = folder.path + "/run"
    for arguments in [
      ["train", "unet", "--data", toned, "--out", out, "--width", "4", "--batch-size", "2"],
      ["evaluate", weights, "--data", toned], ["evaluate", weights, "--data", toned, "--full-size"],
    ] {
      let result = try run(arguments)
      #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains(toned) && result.errorOutput.contains("--toned keep"))
    }
    #expect(!FileManager.default.fileExists(atPath: out))
  }
}
