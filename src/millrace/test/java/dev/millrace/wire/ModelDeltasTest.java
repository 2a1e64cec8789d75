package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.avro.ModelDeltaRecord;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.merge.Delta;
import dev.millrace.merge.DeltaPart;
import dev.millrace.merge.Round;
import dev.millrace.negative.NegativeDraws;
import dev.millrace.state.Utf8;
import dev.millrace.stream.Streams;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.junit.jupiter.api.Test;

class ModelDeltasTest {

    private static final int HEADER_BYTES = 10;

    private final AvroWire wire = Streams.wire();
    private final ModelDeltas deltas = new ModelDeltas(wire);

    private static DeltaPart part(byte[] bytes) {
        return new DeltaPart(3, 1L << 40, 1, 2, "ab".repeat(32), bytes);
    }

    @Test
    void aPartIsReadAsItWasWritten() {
        byte[] bytes = {0, (byte) 0x80, (byte) 0xff, 7};
        List<DeltaPart> read = new ArrayList<>();

        deltas.decode(deltas.encode("model-deltas", part(bytes)), read::add, change -> {});

        assertThat(read).usingRecursiveComparison().isEqualTo(List.of(part(bytes)));
        assertThat(Utf8.text(ModelDeltas.key(read.get(0)))).isEqualTo("3/1099511627776/1");
    }

    /** Avro itself reads what is written field by field. */
    @Test
    void aPartIsOfItsSchema() throws Exception {
        byte[] value = deltas.encode("model-deltas", part(new byte[] {1, 2, 3}));

        Object record = new GenericDatumReader<>(ModelDeltaRecord.getClassSchema())
                .read(null, DecoderFactory.get().binaryDecoder(value, HEADER_BYTES, value.length - HEADER_BYTES, null));

        assertThat(record.toString()).contains("\"shard\": 3", "\"delta\": 1099511627776", "\"parts\": 2", "abab");
    }

    @Test
    void changesOfTheCatalogueComeInTheSameTopic() {
        List<CatalogueChange> changes =
                List.of(new CatalogueChange.Upsert(Streams.item("i1")), new CatalogueChange.Removal("i2", Streams.T0));
        List<CatalogueChange> read = new ArrayList<>();

        changes.forEach(change -> deltas.decode(deltas.encode("model-deltas", change), part -> {}, read::add));

        assertThat(read).isEqualTo(changes);
    }

    @Test
    void aPartBehindTheLastIsUndecodable() {
        byte[] value = deltas.encode("model-deltas", part(new byte[0]));
        int part = HEADER_BYTES + 1 + 1 + 6; // behind the branch, the shard, and a long of 41 bits
        value[part] = 2 * 2; // the third of two, as zigzag

        assertThatThrownBy(() -> deltas.decode(value, one -> {}, change -> {}))
                .isInstanceOf(UndecodableException.class)
                .hasMessageContaining("part 2 of 2");
    }

    @Test
    void aRoundIsReadAsItWasWritten() {
        UserFeatures user = new UserFeatures("digest", Streams.T0, Features.NONE, List.of("i1", "i2"));
        TrainingExample example =
                new TrainingExample("", user, Features.NONE, "i3", "click", 1, Streams.T0, Streams.T0 + 5);
        MiniBatch batch = new MiniBatch(
                7,
                11,
                List.of(new CatalogueChange.Removal("i2", Streams.T0)),
                List.of(example),
                new float[] {-2},
                List.of("i1"),
                new float[] {-3},
                2,
                List.of("other digest"),
                NegativeDraws.UNIFORM,
                List.of(),
                List.of(),
                Streams.T0);
        ModelRound round = new ModelRound(
                "g",
                batch,
                List.of(
                        new Round.Taken(new Delta.Origin("g", 0, 4, 6), 10, 12, "00ff", Optional.empty()),
                        new Round.Taken(new Delta.Origin("g", 1, 5, 2), 13, 13, "01", Optional.of(Round.Reason.STALE))),
                "f00d",
                2);

        byte[] key = Topic.MODEL_ROUNDS.key(round);
        byte[] value = wire.encode(Topic.MODEL_ROUNDS, "model-rounds", round).orElseThrow();
        ModelRound read = wire.decode(Topic.MODEL_ROUNDS, key, value).orElseThrow();

        assertThat(Utf8.text(key)).isEqualTo("7");
        assertThat(read).usingRecursiveComparison().isEqualTo(round);
    }
}
