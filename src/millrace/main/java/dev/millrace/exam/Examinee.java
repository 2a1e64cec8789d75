package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One event of an exam, by ids.
 *
 * @param event absent in an exam that was restored
 * @param leftOut items that the event's own does not compete with
 * @param near what is near to the user's latest clicks
 */
record Examinee(
        Optional<TrainingExample> event, String user, String item, List<String> leftOut, NearNumbers.ById near) {

    static Examinee of(TrainingExample event, boolean isHistoryLeftOut) {
        List<String> leftOut = isHistoryLeftOut ? event.user().history() : List.of();
        return new Examinee(Optional.of(event), event.user().user(), event.item(), leftOut, NearNumbers.ById.NOTHING);
    }

    Examinee with(NearNumbers.ById found) {
        return new Examinee(event, user, item, leftOut, found);
    }

    /** @param vectors [queries, dim] the user's */
    byte[] entry(float[] vectors) {
        Fields fields = new Fields().text(user).text(item).integer(leftOut.size());
        leftOut.forEach(fields::text);
        fields.integer(near.items().size());
        near.items().forEach(fields::text);
        return fields.floats(near.numbers()).floats(vectors).framed();
    }

    /** An examinee, and its user's vectors. */
    record Stored(Examinee examinee, float[] vectors) {

        static Stored read(byte[] entry) {
            ByteBuffer payload = Frame.open(entry);
            String user = Fields.text(payload);
            String item = Fields.text(payload);
            List<String> leftOut = texts(payload);
            NearNumbers.ById near = new NearNumbers.ById(texts(payload), Fields.floats(payload));
            return new Stored(new Examinee(Optional.empty(), user, item, leftOut, near), Fields.floats(payload));
        }

        private static List<String> texts(ByteBuffer payload) {
            int count = payload.getInt();
            List<String> texts = new ArrayList<>(count);
            for (int at = 0; at < count; at++) {
                texts.add(Fields.text(payload));
            }
            return texts;
        }
    }
}
