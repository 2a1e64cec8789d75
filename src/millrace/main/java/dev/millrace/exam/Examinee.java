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
 * @param history of the user, latest first
 * @param near what is near to the user's latest clicks
 * @param leftOut items that no answer to the user may have, whatever the settings
 */
record Examinee(
        Optional<TrainingExample> event,
        String user,
        String item,
        Set<Youth> youth,
        List<String> history,
        NearNumbers.ById near,
        List<String> leftOut) {

    /** In the place of one that was forgotten. */
    static final Examinee NONE =
            new Examinee(Optional.empty(), "", "", Set.of(), List.of(), NearNumbers.ById.NOTHING, List.of());

    static Examinee of(TrainingExample event, Set<Youth> youth) {
        return new Examinee(
                Optional.of(event),
                event.user().user(),
                event.item(),
                youth,
                event.user().history(),
                NearNumbers.ById.NOTHING,
                List.copyOf(event.user().leftOut()));
    }

    Examinee with(NearNumbers.ById found) {
        return new Examinee(event, user, item, youth, history, found, leftOut);
    }

    /** Returns false if the user cannot be answered with the event's own item. */
    boolean isAnswerable() {
        return !leftOut.contains(item);
    }

    /** Writes all but the event and what is left out, or reads it. */
    Examinee fields(Form form) {
        return new Examinee(
                Optional.empty(),
                form.text(user),
                form.text(item),
                Youth.fields(form, youth),
                form.texts(history),
                near.fields(form),
                leftOut);
    }

    /** Writes what is left out, or reads it. */
    Examinee more(Form form) {
        return new Examinee(event, user, item, youth, history, near, form.texts(leftOut));
    }
}
