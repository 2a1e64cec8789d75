package dev.millrace.attribute;

import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
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
 * @param sample what is shown, if the exposure becomes an example unless it is clicked
 */
record RememberedExposure(
        long time,
        long ends,
        int version,
        Counters.Logarithms counters,
        Features context,
        List<String> actions,
        Optional<Sample> sample) {

    private static final long CLOSED = 0; // a moment that is past for every exposure that was closed

    /** @param id of the exposure */
    record Sample(String item, String id) {

        /** Returns what is needed of an exposure that the settings choose as an example; absent for another one. */
        static Optional<Sample> of(AttributionSettings settings, String user, String item, String id) {
            return settings.unclicked().takes(user, item, id) ? Optional.of(new Sample(item, id)) : Optional.empty();
        }
    }

    RememberedExposure with(String action) {
        List<String> more = new ArrayList<>(actions);
        more.add(action);
        return new RememberedExposure(time, ends, version, counters, context, more, sample);
    }

    /** Returns what is needed of an exposure whose window has ended. */
    static RememberedExposure closed(long time) {
        Counters.Logarithms none = new Counters.Logarithms(0, 0);
        return new RememberedExposure(time, CLOSED, 0, none, Features.NONE, List.of(), Optional.empty());
    }

    byte[] encoded() {
        Fields fields = new Fields()
                .longInteger(time)
                .longInteger(ends)
                .integer(version)
                .number(counters.exposures())
                .number(counters.clicks());
        FeatureFields.write(fields, context);
        FeatureFields.texts(fields, actions);
        sample.ifPresent(shown -> fields.text(shown.item).text(shown.id));
        return fields.framed();
    }

    static RememberedExposure decoded(byte[] value) {
        ByteBuffer payload = Frame.open(value);
        return new RememberedExposure(
                payload.getLong(),
                payload.getLong(),
                payload.getInt(),
                new Counters.Logarithms(payload.getDouble(), payload.getDouble()),
                FeatureFields.read(payload),
                FeatureFields.texts(payload),
                payload.hasRemaining()
                        ? Optional.of(new Sample(Fields.text(payload), Fields.text(payload)))
                        : Optional.empty());
    }

    /** Returns the event time of a stored exposure, without reading the rest. */
    static long time(byte[] value) {
        return Frame.open(value).getLong();
    }
}
