import Foundation
import Protobufs

// Factories of the messages of an ONNX file.

extension ONNXAttributeProto {
  static func integer(_ name: String, _ value: Int) -> Self {
    .with {
      $0.name = name
      $0.type = .int
      $0.i = Int64(value)
    }
  }

  static func integers(_ name: String, _ values: [Int]) -> Self {
    .with {
      $0.name = name
      $0.type = .ints
      $0.ints = values.map(Int64.init)
    }
  }

  static func float(_ name: String, _ value: Float) -> Self {
    .with {
      $0.name = name
      $0.type = .float
      $0.f = value
    }
  }

  static func string(_ name: String, _ value: String) -> Self {
    .with {
      $0.name = name
      $0.type = .string
      $0.s = Data(value.utf8)
    }
  }
}

extension ONNXNodeProto {
  static func make(
    _ type: String, _ name: String, _ inputs: [String], output: String, _ attributes: [ONNXAttributeProto] = []
  ) -> Self {
    .with {
      $0.opType = type
      $0.name = name
      $0.input = inputs
      $0.output = [output]
      $0.attribute = attributes
    }
  }
}

extension ONNXTensorProto {
  /// A constant, its last extent innermost; without extents, a number.
  static func floats(_ name: String, shape: [Int], _ values: [Float]) -> Self {
    .with {
      $0.name = name
      $0.dims = shape.map(Int64.init)
      $0.dataType = Int32(DataType.float.rawValue)
      // Little-endian, as on every processor that this runs on.
      $0.rawData = values.withUnsafeBytes { Data($0) }
    }
  }
}

extension ONNXValueInfoProto {
  /// An input or output of `[batch, channels, height, width]`, all but the channels as they come.
  static func image(_ name: String, channels: Int, _ description: String) -> Self {
    let dimensions: [ONNXTensorShapeProto.Dimension] = [
      .with { $0.dimParam = "batch" }, .with { $0.dimValue = Int64(channels) }, .with { $0.dimParam = "height" },
      .with { $0.dimParam = "width" },
    ]
    return .with {
      $0.name = name
      $0.docString = description
      $0.type.tensorType.elemType = Int32(ONNXTensorProto.DataType.float.rawValue)
      $0.type.tensorType.shape.dim = dimensions
    }
  }
}
