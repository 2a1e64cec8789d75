package dev.millrace.attribute;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The stored state of one user.
 *
 * @param profile the user's own features
 * @param profileTime event time of the profile, epoch milliseconds; 0 before any
 * @param history clicks, latest first
 * @param exposures decayed number of exposures as of {@code countedAt}
 * @param clicks decayed number of clicks as of {@code countedAt}
 * @param countedAt event time of the counters, epoch milliseconds
 * @param waitingClicks clicks that wait for their exposure
 * @param idleTimer due time of the timer that checks whether the user is idle, epoch milliseconds; 0 if there is none
 */
record UserState(
        Features profile,
        long profileTime,
        List<Visit> history,
        double exposures,
        double clicks,
        long countedAt,
        int waitingClicks,
        long idleTimer) {

    static final UserState NEW = new UserState(Features.NONE, 0, List.of(), 0, 0, 0, 0, 0);

    /** One clicked item and the event time of the click, epoch milliseconds. */
    record Visit(String item, long time) {}

    UserState {
        history = List.copyOf(history);
    }

    /** Returns true if there is nothing to store of the user. */
    boolean isNew() {
        return countedAt == 0 && profileTime == 0 && waitingClicks == 0 && history.isEmpty();
    }

    /** Returns true if the user's features were published. */
    boolean isPublished() {
        return profileTime > 0 || !history.isEmpty();
    }

    /** Returns the event time of the user's latest event, epoch milliseconds. */
    long latestEvent() {
        long visit = history.isEmpty() ? 0 : history.get(0).time;
        return Math.max(Math.max(countedAt, profileTime), visit);
    }

    /**
     * Returns the features as of {@code time}. Later clicks are left out, whatever the order in which events arrived.
     */
    UserFeatures asOf(String user, long time, double halfLifeMillis) {
        List<String> items = history.stream()
                .filter(visit -> visit.time <= time)
                .map(Visit::item)
                .toList();
        double decay = decay(Math.max(0, time - countedAt), halfLifeMillis);
        SortedMap<String, FeatureValue> values = new TreeMap<>(profile.values());
        values.put("millrace.clicks", new FeatureValue.Quantity(StrictMath.log1p(clicks * decay)));
        values.put("millrace.exposures", new FeatureValue.Quantity(StrictMath.log1p(exposures * decay)));
        return new UserFeatures(user, time, Features.of(values), items);
    }

    UserState exposed(long time, double halfLifeMillis) {
        return counted(time, halfLifeMillis, 1, 0);
    }

    UserState clicked(String item, long time, int historyLength, double halfLifeMillis) {
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
        List<Visit> kept = visits.size() > historyLength ? visits.subList(0, historyLength) : visits;
        UserState counted = counted(time, halfLifeMillis, 0, 1);
        return new UserState(
                profile,
                profileTime,
                kept,
                counted.exposures,
                counted.clicks,
                counted.countedAt,
                waitingClicks,
                idleTimer);
    }

    UserState withProfile(Features features, long time) {
        return new UserState(features, time, history, exposures, clicks, countedAt, waitingClicks, idleTimer);
    }

    UserState withWaiting(int change) {
        return new UserState(
                profile,
                profileTime,
                history,
                exposures,
                clicks,
                countedAt,
                Math.max(0, waitingClicks + change),
                idleTimer);
    }

    UserState withIdleTimer(long due) {
        return new UserState(profile, profileTime, history, exposures, clicks, countedAt, waitingClicks, due);
    }

    byte[] encoded() {
        Fields fields = new Fields().longInteger(profileTime);
        FeatureFields.write(fields, profile);
        fields.number(exposures)
                .number(clicks)
                .longInteger(countedAt)
                .integer(waitingClicks)
                .longInteger(idleTimer);
        fields.integer(history.size());
        history.forEach(visit -> fields.text(visit.item).longInteger(visit.time));
        return fields.framed();
    }

    static UserState decoded(byte[] value) {
        ByteBuffer payload = Frame.open(value);
        long profileTime = payload.getLong();
        Features profile = FeatureFields.read(payload);
        double exposures = payload.getDouble();
        double clicks = payload.getDouble();
        long countedAt = payload.getLong();
        int waitingClicks = payload.getInt();
        long idleTimer = payload.getLong();
        int count = payload.getInt();
        List<Visit> history = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            history.add(new Visit(Fields.text(payload), payload.getLong()));
        }
        return new UserState(profile, profileTime, history, exposures, clicks, countedAt, waitingClicks, idleTimer);
    }

    private UserState counted(long time, double halfLifeMillis, int moreExposures, int moreClicks) {
        long moment = Math.max(time, countedAt);
        double decay = decay(moment - countedAt, halfLifeMillis);
        double late = decay(moment - time, halfLifeMillis); // a late event counts as decayed since its own time
        return new UserState(
                profile,
                profileTime,
                history,
                exposures * decay + moreExposures * late,
                clicks * decay + moreClicks * late,
                moment,
                waitingClicks,
                idleTimer);
    }

    private static double decay(long elapsedMillis, double halfLifeMillis) {
        return StrictMath.pow(0.5, elapsedMillis / halfLifeMillis);
    }
}
