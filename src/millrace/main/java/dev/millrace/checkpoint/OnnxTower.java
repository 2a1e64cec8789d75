package dev.millrace.checkpoint;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.millrace.model.TowerExport;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A tower's network as an ONNX model: {@code x [n, inputs]} to {@code vector [n, width]}; of a user tower with several channels
 * {@code factors [1, channels]} is an input too.
 *
 * <p>Operators of opset 13 that every runtime has; all float32.
 */
public final class OnnxTower implements TowerExport {

    public static final String INPUT = "x";
    public static final String FACTORS = "factors";
    public static final String OUTPUT = "vector";

    private static final int OPSET = 13;
    private static final int IR = 8; // 1.10 of ONNX
    private static final String ROWS = "n";

    private final GraphProto.Builder graph;
    private int names;

    /** @param name of the graph */
    public OnnxTower(String name) {
        this.graph = GraphProto.newBuilder().setName(name);
    }

    /**
     * The model's bytes, once the network was exported into it.
     *
     * @param properties to write into it, by name
     */
    public byte[] bytes(Map<String, String> properties) {
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(IR)
                .setProducerName("millrace")
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
                .setGraph(graph);
        properties.forEach((key, value) -> model.addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return model.build().toByteArray();
    }

    @Override
    public String input(int width) {
        graph.addInput(value(INPUT, dimension(ROWS), dimension(width)));
        return INPUT;
    }

    @Override
    public String factors(int channels) {
        graph.addInput(value(FACTORS, dimension(1), dimension(channels)));
        return FACTORS;
    }

    @Override
    public String dense(String in, float[] weights, float[] bias) {
        return node(
                "Gemm", in, constant(weights, weights.length / bias.length, bias.length), constant(bias, bias.length));
    }

    @Override
    public String relu(String in) {
        return node("Relu", in);
    }

    @Override
    public String leakyRelu(String in, float slope) {
        return node(
                List.of(attribute("alpha", AttributeProto.AttributeType.FLOAT, of -> of.setF(slope))), "LeakyRelu", in);
    }

    @Override
    public String tanh(String in) {
        return node("Tanh", in);
    }

    @Override
    public String sigmoid(String in) {
        return node("Sigmoid", in);
    }

    @Override
    public String columns(String in, int from, int to) {
        return node("Slice", in, integers(from), integers(to), integers(1));
    }

    @Override
    public String mean(String in) {
        return node(ofColumns(), "ReduceMean", in);
    }

    @Override
    public String sum(String left, String right) {
        return node("Add", left, right);
    }

    @Override
    public String product(String left, String right) {
        return node("Mul", left, right);
    }

    @Override
    public String scaled(String in, float factor) {
        return node("Mul", in, constant(new float[] {factor}));
    }

    @Override
    public String shifted(String in, float term) {
        return node("Add", in, constant(new float[] {term}));
    }

    @Override
    public String sideBySide(List<String> parts) {
        return parts.size() == 1
                ? parts.get(0)
                : node(List.of(integer("axis", 1)), "Concat", parts.toArray(String[]::new));
    }

    @Override
    public String unit(String in, float leastLength) {
        String length = node(ofColumns(), "ReduceL2", in);
        String least = constant(new float[] {leastLength});
        String isLong = node("Not", node("Less", length, least));
        String hasDirection = node(List.of(integer("to", TensorProto.DataType.FLOAT.getNumber())), "Cast", isLong);
        return product(node("Div", in, node("Max", length, least)), hasDirection);
    }

    @Override
    public void output(String value, int width) {
        graph.addNode(
                NodeProto.newBuilder().setOpType("Identity").addInput(value).addOutput(OUTPUT));
        graph.addOutput(value(OUTPUT, dimension(ROWS), dimension(width)));
    }

    private String node(String operator, String... inputs) {
        return node(List.of(), operator, inputs);
    }

    private String node(List<AttributeProto> attributes, String operator, String... inputs) {
        String name = name();
        graph.addNode(NodeProto.newBuilder()
                .setOpType(operator)
                .addAllInput(List.of(inputs))
                .addOutput(name)
                .addAllAttribute(attributes));
        return name;
    }

    private String constant(float[] values, long... shape) {
        String name = name();
        graph.addInitializer(tensor(name, values, shape));
        return name;
    }

    private String integers(long one) {
        String name = name();
        graph.addInitializer(TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.INT64.getNumber())
                .addDims(1)
                .setRawData(ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(one)
                        .array())));
        return name;
    }

    private String name() {
        return "v" + names++;
    }

    private static TensorProto tensor(String name, float[] values, long... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.FLOAT.getNumber())
                .setRawData(ByteString.copyFrom(bytes.array()));
        for (long dimension : shape) {
            tensor.addDims(dimension);
        }
        return tensor.build();
    }

    private static List<AttributeProto> ofColumns() {
        return List.of(
                attribute("axes", AttributeProto.AttributeType.INTS, axes -> axes.addInts(1)), integer("keepdims", 1));
    }

    private static AttributeProto integer(String name, long value) {
        return attribute(name, AttributeProto.AttributeType.INT, of -> of.setI(value));
    }

    private static AttributeProto attribute(
            String name, AttributeProto.AttributeType type, UnaryOperator<AttributeProto.Builder> value) {
        return value.apply(AttributeProto.newBuilder().setName(name).setType(type))
                .build();
    }

    private static ValueInfoProto value(
            String name, TensorShapeProto.Dimension rows, TensorShapeProto.Dimension columns) {
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(TensorProto.DataType.FLOAT.getNumber())
                                .setShape(TensorShapeProto.newBuilder()
                                        .addDim(rows)
                                        .addDim(columns))))
                .build();
    }

    private static TensorShapeProto.Dimension dimension(int width) {
        return TensorShapeProto.Dimension.newBuilder().setDimValue(width).build();
    }

    private static TensorShapeProto.Dimension dimension(String name) {
        return TensorShapeProto.Dimension.newBuilder().setDimParam(name).build();
    }
}
