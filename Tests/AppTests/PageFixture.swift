import Foundation
import Imaging
import Models
import TestSupport
import Testing

@testable import App

/// A model without training and a small picture, for the tests of the page's server.
struct PageFixture {
  let folder: TemporaryFolder
  let weights: String
  let picture: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    weights = folder.path + "/weights.safetensors"
    try UntrainedWeights.write(to: weights)
    try RGBImage.colorful(width: 90, height: 60, level: 120).writePNG(to: folder.path + "/old.png")
    picture = Array(try Data(contentsOf: URL(filePath: folder.path + "/old.png")))
  }

  /// Runs `body` with a server.
  func withServer(
    limits: PageService.Limits = PageService.Limits(), _ body: (PageClient, PageService) throws -> Void
  ) throws {
    let service = PageService(
      models: ServedModels([try ServedModel(weights)], on: try TestBackends.cpu.make()), runs: RunWatcher([]),
      limits: limits, threadCount: 2)
    service.start()
    let server = try PageServer.start(service, host: "127.0.0.1", port: 0)
    defer {
      server.stop()
      service.stop()
    }
    try body(PageClient(port: server.port), service)
  }

  func upload(_ client: PageClient, _ session: String, name: String = "old.png") throws -> String {
    let answer = try client.post("/api/photographs?session=\(session)&name=\(name)", picture)
    #expect(answer.status == 202, "\(answer.error ?? "")")
    let id = try #require(answer.json["id"] as? String)
    let report = try client.waitForPhotograph(id, session: session)
    #expect(report["state"] as? String == "done", "\(report)")
    #expect(report["width"] as? Int == 90 && report["height"] as? Int == 60)
    return id
  }

  /// Uploads a photograph of 2400 × 1800 pixels, which the model sees at the smallest size. Returns its target.
  func uploadLarge(_ client: PageClient, _ session: String) throws -> String {
    let image = RGBImage(
      width: 2400, height: 1800, bytes: (0..<3 * 2400 * 1800).map { UInt8(truncatingIfNeeded: $0 / 7200) })
    try image.writePNG(to: folder.path + "/large.png")
    let bytes = Array(try Data(contentsOf: URL(filePath: folder.path + "/large.png")))
    let answer = try client.post("/api/photographs?session=\(session)&name=large.png&workingSize=16", bytes)
    let id = try #require(answer.json["id"] as? String, "\(answer.error ?? "")")
    #expect(try client.waitForPhotograph(id, session: session)["state"] as? String == "done")
    return "/api/photographs/\(id)"
  }
}
