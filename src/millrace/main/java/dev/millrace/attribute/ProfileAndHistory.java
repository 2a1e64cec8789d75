package dev.millrace.attribute;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import dev.millrace.state.Frame;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * What a user's features are made of, beside the counters.
 *
 * @param profileVersion of the entry that holds the profile; 0 if there is none
 * @param profile the user's own features
 * @param history clicks, latest first
 * @param hidden what the user does not want, latest first in the order in which it was read
 */
record ProfileAndHistory(int profileVersion, Features profile, List<Visit> history, List<Hidden> hidden) {

    static final ProfileAndHistory NONE = new ProfileAndHistory(0, Features.NONE, List.of(), List.of());

    private static final String CLICKS = "millrace.clicks";
    private static final String EXPOSURES = "millrace.exposures";

    /** Items that a user can hide. */
    static final int MOST_HIDDEN = 1_000;

    /** Bytes of their ids together: those of any other feature. */
    static final int MOST_HIDDEN_BYTES = 64 << 10;

    /** One clicked item and the event time of the click, epoch milliseconds. */
    record Visit(String item, long time) {}

    /**
     * A hidden item.
     *
     * @param since event time of the action, epoch milliseconds
     * @param until last moment at which it is hidden
     */
    record Hidden(String item, long since, long until) {}

    ProfileAndHistory {
        history = List.copyOf(history);
        hidden = List.copyOf(hidden);
    }

    /**
     * Returns the features as of a time. Later clicks, and items hidden later, are left out, whatever the order in which events arrived.
     *
     * @param counters as of that time
     * @param passed items that were passed by then
     */
    UserFeatures asOf(String user, long time, Counters.Logarithms counters, List<String> passed) {
        List<String> items = new ArrayList<>(history.size());
        for (Visit visit : history) {
            if (visit.time <= time) {
                items.add(visit.item);
            }
        }
        SortedMap<String, FeatureValue> values = new TreeMap<>(profile.values());
        values.put(CLICKS, new FeatureValue.Quantity(counters.clicks()));
        values.put(EXPOSURES, new FeatureValue.Quantity(counters.exposures()));
        List<String> unwanted = hidden.stream()
                .filter(each -> each.since <= time)
                .map(Hidden::item)
                .toList();
        put(values, UserFeatures.HIDDEN, unwanted);
        put(values, UserFeatures.PASSED, passed);
        return new UserFeatures(user, time, Features.taking(values), items);
    }

    /** Puts a bag of items in the place of one that a profile may have: nobody but the user hides or passes. */
    private static void put(SortedMap<String, FeatureValue> values, String name, List<String> items) {
        values.remove(name);
        if (!items.isEmpty()) {
            values.put(name, new FeatureValue.Bag(items));
        }
    }

    /** Returns the event time of the latest click, epoch milliseconds; 0 if there is none. */
    long latestVisit() {
        return history.isEmpty() ? 0 : history.get(0).time;
    }

    ProfileAndHistory with(int newVersion, Features newProfile) {
        return new ProfileAndHistory(newVersion, newProfile, history, hidden);
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
                profileVersion,
                profile,
                visits.size() > historyLength ? visits.subList(0, historyLength) : visits,
                hidden);
    }

    /** The same with one more item hidden. If there is no room, the items that were hidden first come back. */
    ProfileAndHistory hiding(Hidden more) {
        List<Hidden> all = new ArrayList<>(List.of(more));
        all.addAll(without(each -> each.item.equals(more.item)).hidden);
        int bytes = 0;
        int kept = 0;
        for (Hidden each : all) {
            bytes += Utf8.bytes(each.item).length;
            kept += kept < MOST_HIDDEN && bytes <= MOST_HIDDEN_BYTES ? 1 : 0;
        }
        return new ProfileAndHistory(profileVersion, profile, history, all.subList(0, kept));
    }

    /** The same without the hidden items that meet the condition. */
    ProfileAndHistory without(Predicate<Hidden> isShown) {
        return new ProfileAndHistory(
                profileVersion,
                profile,
                history,
                hidden.stream().filter(isShown.negate()).toList());
    }

    /** Writes the history, and in place of the profile its version; then what is hidden, if there is anything. */
    void write(Form form) {
        form.integer(profileVersion);
        form.integer(history.size());
        for (Visit visit : history) {
            form.text(visit.item);
            form.longInteger(visit.time);
        }
        for (Hidden each : hidden) {
            form.text(each.item);
            form.longInteger(each.since);
            form.longInteger(each.until);
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
        List<Hidden> hidden = new ArrayList<>();
        while (payload.hasRemaining()) {
            hidden.add(new Hidden(Fields.text(payload), payload.getLong(), payload.getLong()));
        }
        return new ProfileAndHistory(version, version == 0 ? Features.NONE : profiles.apply(version), history, hidden);
    }
}
