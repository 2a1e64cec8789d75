package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.state.Form;
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

    /** In the place of one that was forgotten. */
    static final Examinee NONE = new Examinee(Optional.empty(), "", "", List.of(), NearNumbers.ById.NOTHING);

    static Examinee of(TrainingExample event, boolean isHistoryLeftOut) {
        List<String> leftOut = isHistoryLeftOut ? event.user().history() : List.of();
        return new Examinee(Optional.of(event), event.user().user(), event.item(), leftOut, NearNumbers.ById.NOTHING);
    }

    Examinee with(NearNumbers.ById found) {
        return new Examinee(event, user, item, leftOut, found);
    }

    /**
     * An examinee, and its user's vectors.
     *
     * @param vectors [queries, dim]
     */
    record Stored(Examinee examinee, float[] vectors) {

        static Stored read(byte[] entry) {
            return Form.read(entry, new Stored(NONE, new float[0])::fields);
        }

        byte[] entry() {
            return Form.written(this::fields);
        }

        private Stored fields(Form form) {
            String user = form.text(examinee.user);
            String item = form.text(examinee.item);
            List<String> leftOut = form.texts(examinee.leftOut);
            NearNumbers.ById near =
                    new NearNumbers.ById(form.texts(examinee.near.items()), form.floats(examinee.near.numbers()));
            return new Stored(new Examinee(Optional.empty(), user, item, leftOut, near), form.floats(vectors));
        }
    }
}
