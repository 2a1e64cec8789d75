package dev.millrace.attribute;

import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** The values of a user's keyed state in Flink, each with its serializer. */
final class UserStates {

    static final TypeSerializer<ProfileAndHistory> HISTORY =
            new FormSerializer<>(UserStates::fields, () -> ProfileAndHistory.NONE);

    private UserStates() {}

    private static ProfileAndHistory fields(Form form, ProfileAndHistory now) {
        return new ProfileAndHistory(
                0,
                FeatureFields.features(form, now.profile()),
                form.list(
                        now.history(),
                        new ProfileAndHistory.Visit("", 0),
                        (each, visit) ->
                                new ProfileAndHistory.Visit(each.text(visit.item()), each.longInteger(visit.time()))));
    }

    /**
     * What changes with each event of a user.
     *
     * @param profileTime event time of the profile, epoch milliseconds; 0 before any
     * @param waiting clicks that wait for their exposure
     * @param sampled open exposures that become examples unless they are clicked
     * @param sweepAt time of the timer that forgets old ids; 0 if there is none
     * @param idleAt time of the timer that checks whether the user is idle; 0 if there is none
     */
    record Tally(Counters counters, long profileTime, int waiting, int sampled, long sweepAt, long idleAt) {

        static final Tally NONE = new Tally(Counters.NONE, 0, 0, 0, 0, 0);
        static final TypeSerializer<Tally> SERIALIZER =
                new FormSerializer<>((form, now) -> now.fields(form), () -> NONE);

        Tally with(Counters changed) {
            return new Tally(changed, profileTime, waiting, sampled, sweepAt, idleAt);
        }

        Tally withProfileOf(long time) {
            return new Tally(counters, time, waiting, sampled, sweepAt, idleAt);
        }

        Tally withWaiting(int more) {
            return new Tally(counters, profileTime, waiting + more, sampled, sweepAt, idleAt);
        }

        Tally withSampled(int more) {
            return new Tally(counters, profileTime, waiting, sampled + more, sweepAt, idleAt);
        }

        Tally sweptAt(long time) {
            return new Tally(counters, profileTime, waiting, sampled, time, idleAt);
        }

        Tally idleAt(long time) {
            return new Tally(counters, profileTime, waiting, sampled, sweepAt, time);
        }

        private Tally fields(Form form) {
            return new Tally(
                    counters.fields(form),
                    form.longInteger(profileTime),
                    form.integer(waiting),
                    form.integer(sampled),
                    form.longInteger(sweepAt),
                    form.longInteger(idleAt));
        }
    }

    /**
     * An exposure.
     *
     * @param ends last moment of its window, epoch milliseconds
     * @param user the user's features as of the exposure
     * @param actions actions attributed to it so far
     */
    record KnownExposure(long ends, UserFeatures user, Features context, List<String> actions) {

        static final TypeSerializer<KnownExposure> SERIALIZER = new FormSerializer<>(
                (form, now) -> now.fields(form),
                () -> new KnownExposure(
                        0, new UserFeatures("", 0, Features.NONE, List.of()), Features.NONE, List.of()));

        KnownExposure with(String action) {
            List<String> more = new ArrayList<>(actions);
            more.add(action);
            return new KnownExposure(ends, user, context, more);
        }

        private KnownExposure fields(Form form) {
            return new KnownExposure(
                    form.longInteger(ends),
                    FeatureFields.user(form, form.text(user.user()), user),
                    FeatureFields.features(form, context),
                    form.texts(actions));
        }
    }

    /**
     * What a user's examples have counted ({@link ContributionCaps}).
     *
     * @param asOf event time up to which the sums have decayed
     * @param byItem by fingerprint, in the order in which they came
     */
    record Counted(long asOf, double all, Map<Long, Double> byItem) {

        static final Counted NONE = new Counted(0, 0, Map.of());
        static final TypeSerializer<Counted> SERIALIZER =
                new FormSerializer<>((form, now) -> now.fields(form), () -> NONE);

        Counted decayed(long time, double halfLifeMillis) {
            double left = StrictMath.pow(0.5, (time - asOf) / halfLifeMillis);
            Map<Long, Double> rest = new LinkedHashMap<>();
            byItem.forEach((item, sum) -> {
                if (sum * left >= ContributionCaps.LEAST) {
                    rest.put(item, sum * left);
                }
            });
            return new Counted(time, all * left, rest);
        }

        /** Returns what the item's examples counted; of a new item beyond the most, what those of the lightest did, whose place it takes. */
        double of(long item) {
            Double known = byItem.get(item);
            if (known != null) {
                return known;
            }
            return byItem.size() < Contributions.MOST_ITEMS
                    ? 0
                    : byItem.values().stream()
                            .mapToDouble(Double::doubleValue)
                            .min()
                            .orElse(0);
        }

        Counted with(long item, double amount) {
            Map<Long, Double> more = new LinkedHashMap<>(byItem);
            double before = of(item);
            if (!more.containsKey(item) && more.size() == Contributions.MOST_ITEMS) {
                more.values().remove(before);
            }
            more.put(item, before + amount);
            return new Counted(asOf, all + amount, more);
        }

        private Counted fields(Form form) {
            Map<Long, Double> sums = new LinkedHashMap<>();
            Counted read = new Counted(form.longInteger(asOf), form.number(all), sums);
            form.list(
                            List.copyOf(byItem.entrySet()),
                            Map.entry(0L, 0.0),
                            (each, sum) -> Map.entry(each.longInteger(sum.getKey()), each.number(sum.getValue())))
                    .forEach(sum -> sums.put(sum.getKey(), sum.getValue()));
            return read;
        }
    }
}
