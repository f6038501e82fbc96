import Runtime
import Testing

@testable import Models

/// The networks of the models: they are the study's, whose sizes are known.
@Suite("Networks")
struct NetworkTests {
  @Test(
    "The U-Net has as many parameters as the study's", arguments: [(64, 34_524_099), (32, 8_635_875), (16, 2_161_395)])
  func unet(width: Int, count: Int) throws {
    let network = UNet(try ModelConfiguration(kind: .unet, width: width))
    #expect(network.parameters.trainedParameterCount == count)
  }

  @Test("The GAN's generator is the same U-Net")
  func generator() throws {
    let network = UNet(try ModelConfiguration(kind: .gan, width: 16))
    #expect(network.parameters.trainedParameterCount == 2_161_395)
  }

  @Test("Parameters have PyTorch's names", arguments: UpsamplingKind.allCases)
  func names(upsampling: UpsamplingKind) throws {
    let network = UNet(try ModelConfiguration(kind: .unet, width: 2, upsampling: upsampling))
    let names = Set(network.parameters.parameters.map(\.name))
    let upsamplingName = upsampling == .transposed ? "upsampling1.weight" : "upsampling1.1.weight"
    for name in ["encoding_unit1.0.weight", "encoding_unit1.1.running_mean", upsamplingName, "decoding_unit5.0.bias"] {
      #expect(names.contains(name))
    }
    #expect(names.count == network.parameters.parameters.count)
  }

  @Test("Image sizes that a model cannot take are refused")
  func sizes() throws {
    let unet = try ModelConfiguration(kind: .unet, width: 2)
    let gan = try ModelConfiguration(kind: .gan, width: 2)
    try unet.validate(height: 16, width: 48)
    try gan.validate(height: 32, width: 64)
    #expect(throws: ModelError.self) { try unet.validate(height: 33, width: 32) }
    #expect(throws: ModelError.self) { try unet.validate(height: 0, width: 32) }
    #expect(throws: ModelError.self) { try gan.validate(height: 16, width: 16) }
    #expect(throws: ModelError.self) { try ModelConfiguration(kind: .unet, width: 0) }
  }
}
