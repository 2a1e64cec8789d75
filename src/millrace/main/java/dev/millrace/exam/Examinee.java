package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.state.Form;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One event of an exam, by ids.
 *
 * @param event absent in an exam that was restored
 * @param youth how young the item was when the exam began
 * @param leftOut items that the event's own does not compete with
 * @param near what is near to the user's latest clicks
 */
record Examinee(
        Optional<TrainingExample> event,
        String user,
        String item,
        Set<Youth> youth,
        List<String> leftOut,
        NearNumbers.ById near) {

    /** In the place of one that was forgotten. */
    static final Examinee NONE = new Examinee(Optional.empty(), "", "", Set.of(), List.of(), NearNumbers.ById.NOTHING);

    static Examinee of(TrainingExample event, Set<Youth> youth, boolean isHistoryLeftOut) {
        List<String> leftOut = isHistoryLeftOut ? event.user().history() : List.of();
        return new Examinee(
                Optional.of(event), event.user().user(), event.item(), youth, leftOut, NearNumbers.ById.NOTHING);
    }

    Examinee with(NearNumbers.ById found) {
        return new Examinee(event, user, item, youth, leftOut, found);
    }

    /** Writes all but the event, or reads it. */
    Examinee fields(Form form) {
        return new Examinee(
                Optional.empty(),
                form.text(user),
                form.text(item),
                Youth.fields(form, youth),
                form.texts(leftOut),
                near.fields(form));
    }
}
