package dev.millrace.attribute;

import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.state.Form;
import dev.millrace.state.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An exposure within the deduplication window, as it is stored. When its window has ended it serves to recognise duplicates and late clicks.
 *
 * @param time event time of the exposure, epoch milliseconds
 * @param ends moment at which its window ends
 * @param version of the user's profile and history at that time
 * @param counters the user's, as of that time
 * @param context context features of the exposure
 * @param actions actions attributed to it so far
 * @param sample what was shown, if the exposure is to be an example when nobody clicks it
 * @param counted where an experiment counts it, see {@link ExperimentCounts}; 0 for nowhere
 */
record RememberedExposure(
        long time,
        long ends,
        int version,
        Counters.Logarithms counters,
        Features context,
        List<String> actions,
        Optional<Sample> sample,
        int counted) {

    private static final int BEFORE_CONTEXT = 2 * Long.BYTES + Integer.BYTES + 2 * Double.BYTES;
    private static final long CLOSED = 0; // a moment that is past for every exposure that was closed

    /** @param id of the exposure */
    record Sample(String item, String id) {

        private static final Sample NONE = new Sample("", "");

        private boolean isNone() {
            return item.isEmpty();
        }

        private Sample fields(Form form) {
            return new Sample(form.text(item), form.text(id));
        }

        /** Returns what an example needs of an exposure, if the settings choose it as one; else absent. */
        static Optional<Sample> of(AttributionSettings settings, String user, String item, String id) {
            return settings.unclicked().takes(user, item, id) ? Optional.of(new Sample(item, id)) : Optional.empty();
        }
    }

    RememberedExposure with(String action) {
        List<String> more = new ArrayList<>(actions);
        more.add(action);
        return new RememberedExposure(time, ends, version, counters, context, more, sample, counted);
    }

    /** Returns what is needed of an exposure whose window has ended. */
    static RememberedExposure closed(long time) {
        Counters.Logarithms none = new Counters.Logarithms(0, 0);
        return new RememberedExposure(time, CLOSED, 0, none, Features.NONE, List.of(), Optional.empty(), 0);
    }

    static RememberedExposure decoded(byte[] value) {
        return Form.read(value, closed(0)::fields);
    }

    RememberedExposure fields(Form form) {
        return new RememberedExposure(
                form.longInteger(time),
                form.longInteger(ends),
                form.integer(version),
                new Counters.Logarithms(form.number(counters.exposures()), form.number(counters.clicks())),
                FeatureFields.features(form, context),
                form.texts(actions),
                form.goesOn(sample.isPresent() || counted > 0)
                        ? Optional.of(sample.orElse(Sample.NONE).fields(form)).filter(shown -> !shown.isNone())
                        : Optional.empty(),
                form.goesOn(counted > 0) ? form.integer(counted) : 0);
    }

    /** What an exposure is when its window has ended. */
    enum End {
        CLICKED,
        UNCLICKED,
        /** It was not clicked, and is chosen as an example. */
        SAMPLED
    }

    /** Returns what a stored exposure is when its window has ended, without reading the rest. */
    static End end(byte[] value) {
        return Form.read(value, form -> {
            form.skip(BEFORE_CONTEXT);
            FeatureFields.skip(form);
            boolean isClicked = form.count(0) > 0;
            boolean isSampled =
                    !isClicked && form.goesOn(false) && !form.text("").isEmpty();
            return isClicked ? End.CLICKED : isSampled ? End.SAMPLED : End.UNCLICKED;
        });
    }

    /** Returns the event time of a stored exposure, without reading the rest. */
    static long time(byte[] value) {
        return Frame.open(value).getLong();
    }
}
