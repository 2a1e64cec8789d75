package dev.millrace.attribute;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;

/**
 * What a user's features are made of, beside the counters.
 *
 * @param profileVersion of the entry that holds the profile; 0 if there is none
 * @param profile the user's own features
 * @param history clicks, latest first
 */
record ProfileAndHistory(int profileVersion, Features profile, List<Visit> history) {

    static final ProfileAndHistory NONE = new ProfileAndHistory(0, Features.NONE, List.of());

    private static final String CLICKS = "millrace.clicks";
    private static final String EXPOSURES = "millrace.exposures";

    /** One clicked item and the event time of the click, epoch milliseconds. */
    record Visit(String item, long time) {}

    ProfileAndHistory {
        history = List.copyOf(history);
    }

    /**
     * Returns the features as of a time. Later clicks are left out, whatever the order in which events arrived.
     *
     * @param counters as of that time
     */
    UserFeatures asOf(String user, long time, Counters.Logarithms counters) {
        List<String> items = new ArrayList<>(history.size());
        for (Visit visit : history) {
            if (visit.time <= time) {
                items.add(visit.item);
            }
        }
        SortedMap<String, FeatureValue> values = new TreeMap<>(profile.values());
        values.put(CLICKS, new FeatureValue.Quantity(counters.clicks()));
        values.put(EXPOSURES, new FeatureValue.Quantity(counters.exposures()));
        return new UserFeatures(user, time, Features.taking(values), items);
    }

    /** Returns the event time of the latest click, epoch milliseconds; 0 if there is none. */
    long latestVisit() {
        return history.isEmpty() ? 0 : history.get(0).time;
    }

    ProfileAndHistory with(int newVersion, Features newProfile) {
        return new ProfileAndHistory(newVersion, newProfile, history);
    }

    ProfileAndHistory clicked(String item, long time, int historyLength) {
        List<Visit> visits = new ArrayList<>(history.size() + 1);
        boolean placed = false;
        for (Visit visit : history) {
            if (!placed && visit.time <= time) {
                visits.add(new Visit(item, time));
                placed = true;
            }
            if (!visit.item.equals(item)) {
                visits.add(visit);
            } else if (!placed) {
                visits.add(visit); // clicked again later: the later visit stays
                placed = true;
            }
        }
        if (!placed) {
            visits.add(new Visit(item, time));
        }
        return new ProfileAndHistory(
                profileVersion, profile, visits.size() > historyLength ? visits.subList(0, historyLength) : visits);
    }

    /** Writes the history, and in place of the profile its version. */
    void write(Form form) {
        form.integer(profileVersion);
        form.integer(history.size());
        for (Visit visit : history) {
            form.text(visit.item);
            form.longInteger(visit.time);
        }
    }

    /** @param profiles returns the profile of a version, which is not 0 */
    static ProfileAndHistory decoded(byte[] value, IntFunction<Features> profiles) {
        ByteBuffer payload = Frame.open(value);
        int version = payload.getInt();
        int count = payload.getInt();
        List<Visit> history = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            history.add(new Visit(Fields.text(payload), payload.getLong()));
        }
        return new ProfileAndHistory(version, version == 0 ? Features.NONE : profiles.apply(version), history);
    }
}
