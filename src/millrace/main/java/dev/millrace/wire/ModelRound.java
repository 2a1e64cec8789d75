package dev.millrace.wire;

import dev.millrace.avro.ModelRoundRecord;
import dev.millrace.avro.RoundDeltaRecord;
import dev.millrace.batch.MiniBatch;
import dev.millrace.merge.Delta;
import dev.millrace.merge.Round;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A round as the log has it.
 *
 * @param digest of the base's learnt entries after the round; empty if another round of the same commit follows
 * @param shards number of learners that share the model
 */
public record ModelRound(String generation, MiniBatch batch, List<Round.Taken> deltas, String digest, int shards) {

    public ModelRound {
        deltas = List.copyOf(deltas);
    }

    static void write(RecordEncoder fields, ModelRound round) {
        BatchCodec.write(fields, round.batch);
        fields.text(round.generation)
                .all(round.deltas, delta -> fields.longInteger(delta.origin().shard())
                        .longInteger(delta.origin().number())
                        .longInteger(delta.origin().round())
                        .longInteger(delta.firstStep())
                        .longInteger(delta.lastStep())
                        .text(delta.sha256())
                        .text(delta.refused().map(ModelRound::text).orElse("")))
                .text(round.digest)
                .longInteger(round.shards);
    }

    private static String text(Round.Reason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    static ModelRound toCore(ModelRoundRecord record) {
        return new ModelRound(
                record.getGeneration(),
                BatchCodec.toCore(record.getBatch()),
                record.getDeltas().stream()
                        .map(delta -> toCore(record.getGeneration(), delta))
                        .toList(),
                record.getDigest(),
                record.getShards());
    }

    private static Round.Taken toCore(String generation, RoundDeltaRecord delta) {
        Optional<Round.Reason> refused = Optional.of(delta.getRefused())
                .filter(text -> !text.isEmpty())
                .map(text -> Round.Reason.valueOf(text.toUpperCase(Locale.ROOT)));
        return new Round.Taken(
                new Delta.Origin(generation, delta.getShard(), delta.getDelta(), delta.getRound()),
                delta.getFirstStep(),
                delta.getLastStep(),
                delta.getSha256(),
                refused);
    }
}
