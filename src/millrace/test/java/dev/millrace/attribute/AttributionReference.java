package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Sha256;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The rules of the join as plainly as they can be told: lists that are searched from end to end. It knows no caps, counters, experiments and users
 * who expire, and shares with the attribution the settings and the clock of a topic alone.
 */
final class AttributionReference {

    private record Visit(String item, long time) {}

    private record Unwanted(String item, long since, long until) {}

    private record Known(long profileTime, Features profile, List<Visit> visits, List<Unwanted> unwanted) {
        static final Known NOTHING = new Known(0, Features.NONE, List.of(), List.of());

        Known with(List<Unwanted> others) {
            return new Known(profileTime, profile, visits, List.copyOf(others));
        }
    }

    private record Wait(Click click, long ends) {}

    /**
     * An exposure that is remembered.
     *
     * @param user as it was then
     */
    private record Shown(Exposure of, Known user, long ends, long forgotten, List<String> actions) {
        boolean isOf(String user, String item) {
            return of.user().equals(user) && of.item().equals(item);
        }
    }

    final List<TrainingExample> examples = new ArrayList<>();
    final Map<String, SortedMap<String, Long>> outcomes = new TreeMap<>();
    private final AttributionSettings settings;
    private final long window;
    private final boolean isOfClicks;
    private final TopicClock exposureClock;
    private final TopicClock clickClock;
    private final List<Shown> shown = new ArrayList<>();
    private final List<Shown> open = new ArrayList<>(); // of these
    private final List<Wait> waiting = new ArrayList<>();
    private final Map<List<String>, Long> seen = new HashMap<>(); // until when, by user and click
    private final Map<String, Known> users = new HashMap<>();
    private final Map<List<String>, Long> ends =
            new HashMap<>(); // of the last window, by user and item, without a click since
    private final Map<String, Double> numbers = new HashMap<>(); // the last of each user
    private long now; // up to which windows have ended

    AttributionReference(AttributionSettings settings) {
        this.settings = settings;
        this.window = settings.window().toMillis();
        this.isOfClicks = settings.mode() == AttributionSettings.Mode.CLICKS_ONLY;
        this.exposureClock = new TopicClock(window);
        this.clickClock = new TopicClock(window);
    }

    void expose(Exposure exposure) {
        exposureClock.hear(exposure.user(), exposure.time());
        advance();
        if (shown.stream()
                .anyMatch(one -> one.isOf(exposure.user(), exposure.item())
                        && one.of.id().equals(exposure.id()))) {
            count("exposures", "duplicate", 1);
            return;
        }
        long ends = Math.max(exposure.time(), now) + window;
        long forgotten = exposure.time() + settings.deduplicationWindow().toMillis() + 1;
        Shown fresh = new Shown(exposure, known(exposure.user()), ends, forgotten, new ArrayList<>());
        shown.add(fresh);
        open.add(fresh);
        this.ends.put(List.of(exposure.user(), exposure.item()), ends);
        count("exposures", "waiting", 1);
        List<Wait> answering = waiting.stream()
                .filter(wait -> answers(wait.click, fresh))
                .sorted(Comparator.comparing(wait -> wait.click.id()))
                .toList();
        waiting.removeAll(answering);
        answering.forEach(wait -> settle("clicks", attribute(wait.click, fresh)));
    }

    void click(Click click) {
        clickClock.hear(click.user(), click.time());
        advance();
        boolean isHiding = settings.hiding().actions().contains(click.action());
        boolean isUndoing = settings.hiding().undo().contains(click.action());
        if (!settings.actions().contains(click.action()) && !isHiding && !isUndoing) {
            count("clicks", "untrained-action", 1);
            return;
        }
        long from = Math.max(click.time(), now);
        if (seen.putIfAbsent(
                        List.of(click.user(), click.id()),
                        from + settings.deduplicationWindow().toMillis())
                != null) {
            count("clicks", "duplicate", 1);
            return;
        }
        if (!isHiding && !isUndoing) {
            numbers.put(click.user(), number(click));
        }
        Optional<Shown> answered =
                shown.stream().filter(one -> answers(click, one)).max(Comparator.comparing(one -> one.of.time()));
        if (isHiding || isUndoing) {
            hideOrUndo(click, answered, isHiding, from);
        } else if (isOfClicks) {
            count("clicks", atItsOwnMoment(click, "attributed"), 1);
        } else if (answered.isPresent()) {
            count("clicks", attribute(click, answered.get()), 1);
        } else {
            waiting.add(new Wait(click, from + settings.clickWait().toMillis()));
            count("clicks", "waiting", 1);
        }
    }

    /** An action that hides is an example at once; both change the list, the latest first. */
    private void hideOrUndo(Click click, Optional<Shown> answered, boolean isHiding, long now) {
        Known known = known(click.user());
        List<Unwanted> unwanted = new ArrayList<>(known.unwanted);
        boolean wasHidden = unwanted.removeIf(one -> one.item.equals(click.item()));
        if (isHiding) {
            Optional<Shown> shown =
                    answered.filter(one -> one.ends >= this.now && click.time() <= one.of.time() + window);
            examples.add(new TrainingExample(
                    click.id(),
                    features(
                            click.user(),
                            shown.map(one -> one.user).orElse(known),
                            shown.map(one -> one.of.time()).orElse(click.time())),
                    shown.map(one -> one.of.context()).orElse(click.context()),
                    click.item(),
                    click.action(),
                    settings.weights().of(click.action()),
                    click.time(),
                    click.producedAt(),
                    false));
            unwanted.add(
                    0,
                    new Unwanted(
                            click.item(),
                            click.time(),
                            now + settings.hiding().time().toMillis()));
        }
        users.put(click.user(), known.with(unwanted));
        count("clicks", isHiding ? "hidden" : wasHidden ? "unhidden" : "unhidden: not hidden", 1);
    }

    void profile(UserProfile profile) {
        Known known = known(profile.user());
        if (profile.time() >= known.profileTime && !profile.features().equals(known.profile)) {
            users.put(profile.user(), new Known(profile.time(), profile.features(), known.visits, known.unwanted));
        }
    }

    void removeUser(String user) {
        exposureClock.forget(user);
        clickClock.forget(user);
        users.remove(user);
        numbers.remove(user);
        ends.keySet().removeIf(of -> of.get(0).equals(user));
        open.stream().filter(one -> one.of.user().equals(user)).forEach(one -> settle("exposures", "erased"));
        waiting.stream().filter(wait -> wait.click.user().equals(user)).forEach(wait -> settle("clicks", "erased"));
        shown.removeIf(one -> one.of.user().equals(user));
        open.removeIf(one -> one.of.user().equals(user));
        waiting.removeIf(wait -> wait.click.user().equals(user));
        seen.keySet().removeIf(of -> of.get(0).equals(user));
    }

    private boolean answers(Click click, Shown to) {
        return to.isOf(click.user(), click.item())
                && click.exposure()
                        .map(to.of.id()::equals)
                        .orElse(to.of.time() <= click.time() && click.time() <= to.of.time() + window);
    }

    private String attribute(Click click, Shown to) {
        if (to.ends < now || click.time() > to.of.time() + window) {
            return without(click, true);
        }
        if (to.actions.contains(click.action())) {
            return "repeated-action";
        }
        to.actions.add(click.action());
        learn(click, to.user, to.of.time(), to.of.context());
        return "attributed";
    }

    private String without(Click click, boolean isLate) {
        String outcome = isLate ? "late" : "orphan";
        return settings.late() == AttributionSettings.Late.DROP
                ? outcome
                : atItsOwnMoment(click, outcome + "-attributed");
    }

    private String atItsOwnMoment(Click click, String outcome) {
        learn(click, known(click.user()), click.time(), click.context());
        return outcome;
    }

    /** Makes the example; then the click enters the history, the latest first, each item once. */
    private void learn(Click click, Known then, long moment, Features context) {
        UserFeatures user = features(click.user(), then, moment);
        examples.add(new TrainingExample(
                click.id(),
                user,
                context,
                click.item(),
                click.action(),
                weight(click),
                click.time(),
                click.producedAt()));
        ends.remove(List.of(click.user(), click.item()));
        Known known = known(click.user());
        List<Visit> visits = new ArrayList<>(known.visits);
        if (visits.stream().noneMatch(one -> one.item.equals(click.item()) && one.time > click.time())) {
            visits.removeIf(one -> one.item.equals(click.item()));
            visits.add(0, new Visit(click.item(), click.time()));
            visits.sort(Comparator.comparing(Visit::time).reversed());
        }
        List<Visit> kept = visits.subList(0, Math.min(visits.size(), settings.historyLength()));
        users.put(click.user(), new Known(known.profileTime, known.profile, List.copyOf(kept), known.unwanted));
    }

    private double weight(Click click) {
        double median = leastOf(0.5);
        double worth = StrictMath.log1p(Math.min(number(click), leastOf(0.9)) / median) / StrictMath.log(2);
        return settings.weights().of(click.action()) * worth;
    }

    private static double number(Click click) {
        return click.context()
                .value("seconds")
                .orElseThrow()
                .match(category -> 0.0, FeatureValue.Quantity::value, bag -> 0.0, dense -> 0.0);
    }

    /** Returns the least number that at least a share of all do not exceed. */
    private double leastOf(double share) {
        return numbers.values().stream()
                .sorted()
                .filter(one ->
                        numbers.values().stream().filter(other -> other <= one).count() >= share * numbers.size())
                .findFirst()
                .orElseThrow();
    }

    private UserFeatures features(String user, Known known, long moment) {
        List<String> history = known.visits.stream()
                .filter(visit -> visit.time <= moment)
                .map(Visit::item)
                .toList();
        List<String> unwanted = known.unwanted.stream()
                .filter(one -> one.since <= moment)
                .map(Unwanted::item)
                .toList();
        SortedMap<String, FeatureValue> values = new TreeMap<>(known.profile.values());
        if (!unwanted.isEmpty()) {
            values.put(UserFeatures.HIDDEN, new FeatureValue.Bag(unwanted));
        }
        List<String> passed = ends.entrySet().stream()
                .filter(end -> end.getKey().get(0).equals(user) && isPassed(end.getValue(), moment))
                .sorted(Map.Entry.<List<String>, Long>comparingByValue()
                        .reversed()
                        .thenComparing(end -> end.getKey().get(1)))
                .map(end -> end.getKey().get(1))
                .toList();
        if (!passed.isEmpty()) {
            values.put(UserFeatures.PASSED, new FeatureValue.Bag(passed));
        }
        return new UserFeatures(user, moment, Features.taking(values), history);
    }

    private boolean isPassed(long end, long moment) {
        return end < moment && moment - end <= settings.hiding().passed().toMillis();
    }

    private Known known(String user) {
        return users.getOrDefault(user, Known.NOTHING);
    }

    /** Ends what is over, moment by moment. */
    private void advance() {
        long ahead = Math.max(exposureClock.time(), clickClock.time());
        long behind = Math.min(exposureClock.time(), clickClock.time());
        long settled = isOfClicks
                ? clickClock.time()
                : Math.max(behind, ahead - settings.maxSkew().toMillis());
        if (settled - now >= 1000) {
            for (long moment = next(); moment < settled; moment = next()) {
                end(moment);
            }
            now = settled;
        }
    }

    private long next() {
        long next = Long.MAX_VALUE;
        for (Shown one : shown) {
            next = Math.min(next, open.contains(one) ? one.ends : one.forgotten);
        }
        for (Wait wait : waiting) {
            next = Math.min(next, wait.ends);
        }
        for (Known known : users.values()) {
            for (Unwanted one : known.unwanted) {
                next = Math.min(next, one.until);
            }
        }
        return seen.values().stream().reduce(next, Math::min);
    }

    private void end(long moment) {
        shown.removeIf(one -> one.forgotten <= moment && !open.contains(one));
        seen.values().removeIf(forgotten -> forgotten <= moment);
        users.replaceAll((user, known) -> known.with(
                known.unwanted.stream().filter(one -> one.until > moment).toList()));
        List<Wait> over = waiting.stream()
                .filter(wait -> wait.ends <= moment)
                .sorted(Comparator.comparing(wait -> Sha256.hex(wait.click.id())))
                .toList();
        waiting.removeAll(over);
        for (Wait wait : over) {
            Click click = wait.click;
            boolean isLate = shown.stream()
                    .anyMatch(one -> one.isOf(click.user(), click.item()) && one.of.time() <= click.time());
            settle("clicks", without(click, isLate));
        }
        List<Shown> ended = open.stream().filter(one -> one.ends <= moment).toList();
        open.removeAll(ended);
        ended.forEach(this::endWindow);
    }

    private void endWindow(Shown one) {
        Exposure of = one.of;
        settle("exposures", one.actions.isEmpty() ? "unclicked" : "clicked");
        if (one.actions.isEmpty() && settings.unclicked().takes(of.user(), of.item(), of.id())) {
            UserFeatures user = features(of.user(), one.user, of.time());
            examples.add(TrainingExample.unclicked(of.id(), user, of.context(), of.item(), 1, of.time() + window));
        }
    }

    private void settle(String topic, String outcome) {
        count(topic, "waiting", -1);
        count(topic, outcome, 1);
    }

    private void count(String topic, String outcome, long more) {
        outcomes.computeIfAbsent(topic, first -> new TreeMap<>()).merge(outcome, more, Long::sum);
    }
}
