package dev.millrace.fuzz;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.experiment.AnswerHistory;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Decision;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.experiment.StandardErrors;
import dev.millrace.feature.UserFeatures;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * An experiment whose arms are alike, over all stages of its ramp, and what becomes of it if some accounts send events among those of honest users. Whoever
 * writes events also refers to states of experiments, old ones and invented ones, before each look. One thread.
 */
final class ExperimentRaid implements ReplayEvent.Visitor {

    private static final Experiment.Plan PLAN = new Experiment.Plan(
            "click", 0.02, 0.05, List.of(1.0, 10.0, 50.0), Duration.ofHours(1), Duration.ofMinutes(10));
    private static final List<Integer> EXPOSURES_AN_HOUR = List.of(16_000, 5_000, 5_000); // in each stage
    private static final int USERS = 20_000;
    private static final double RATE = 0.2;
    private static final int ITEMS = 1_000;
    private static final int EVENTS_A_LOOK = 16;
    private static final long START = 1_760_000_000_000L;
    private static final long HOUR_MILLIS = 3_600_000;
    private static final int MOST_ARMS = 2; // of one account
    private static final double DECIDED = 10; // more than any number of standard errors that decides nothing

    private static final Experiment FIRST = Experiment.started("trial", "g1", "g2", "salt", PLAN, START);
    private static final List<Visit> VISITS = visits();
    private static final Outcome ALONE =
            new ExperimentRaid(new Accounts(new Program(List.of()), List.of("nobody"), 0, new Shelf())).run();

    /** An honest exposure, and what is done on it. */
    private record Visit(String id, String user, String item, boolean isClicked, long time) {}

    /**
     * What became of the experiment.
     *
     * @param lowest number of standard errors at any look
     * @param highest the same
     * @param decided how it ended, or why it was ever blocked; empty if neither
     */
    private record Outcome(double lowest, double highest, Optional<String> decided) {

        double furthest() {
            return Math.max(-lowest, highest);
        }

        double climbed() {
            return furthest() + (decided.isPresent() ? DECIDED : 0);
        }
    }

    /** The arm that accounts are in. Answers name it, so whoever signs up often enough has accounts of each. */
    private enum Place {
        TREATED(Arm.TREATMENT, Arm.TREATMENT),
        UNTREATED(Arm.CONTROL, Arm.CONTROL),
        /** They change arms with the last stage. */
        LATE(Arm.CONTROL, Arm.TREATMENT);

        private final Arm before;
        private final Arm inLastStage;

        Place(Arm before, Arm inLastStage) {
            this.before = before;
            this.inLastStage = inLastStage;
        }

        /** Returns the first names that are there. */
        List<String> names(int count) {
            return IntStream.iterate(0, number -> number + 1)
                    .mapToObj(Accounts::name)
                    .filter(name -> Stream.iterate(FIRST, state -> state.ramped(START))
                            .limit(EXPOSURES_AN_HOUR.size())
                            .allMatch(state -> state.arm(name) == (state.canRamp() ? before : inLastStage)))
                    .limit(count)
                    .toList();
        }
    }

    /** Items that nobody knows anything of. */
    private record Shelf() implements Accounts.Items {
        @Override
        public String target() {
            return "i0";
        }

        @Override
        public String popular(int place) {
            return "i" + place;
        }

        @Override
        public String round(int place) {
            return "i" + place % ITEMS;
        }
    }

    private final Accounts accounts;
    private final Attribution attribution =
            new Attribution(AttributionSettings.read(new SettingsReader(Map.of())), new MemoryEntries(), new Silent());
    private final NavigableMap<Long, Experiment> states = new TreeMap<>(); // by offset in the topic of generations
    private Outcome outcome = new Outcome(0, 0, Optional.empty());
    private long events;
    private long now = START;

    private ExperimentRaid(Accounts accounts) {
        this.accounts = accounts;
    }

    /** Returns what accounts do to the experiment that send what a program says, from the arms where they do most. */
    static Goal.Verdict judge(Program program, int accounts) {
        List<String> treated = Place.TREATED.names(accounts);
        List<String> untreated = Place.UNTREATED.names(accounts);
        List<String> halves = IntStream.range(0, accounts)
                .mapToObj(number -> (number % 2 == 0 ? treated : untreated).get(number))
                .toList();
        List<List<String>> names = List.of(treated, untreated, Place.LATE.names(accounts), halves);
        return names.parallelStream()
                .map(each -> new ExperimentRaid(new Accounts(program, each, VISITS.size(), new Shelf())).run())
                .max(Comparator.comparingDouble(Outcome::climbed))
                .map(worst -> verdict(worst, accounts))
                .orElseThrow();
    }

    /**
     * n accounts whose residuals are a_i, among honest users with the sum h and the variance v, bring the test to (h + Σ a_i) / sqrt(v + Σ a_i²) standard errors: by
     * Cauchy and Schwarz to sqrt(h² / v + n) at most, whatever they do and whenever. Arms are nested, so an account changes them once at most, and is two users
     * then: 2 n. One decides nothing.
     */
    private static Goal.Verdict verdict(Outcome worst, int accounts) {
        boolean isBroken = accounts == 1 && worst.decided.isPresent();
        double bound = Math.sqrt(ALONE.furthest() * ALONE.furthest() + MOST_ARMS * accounts);
        return new Goal.Verdict(
                isBroken ? Double.MAX_VALUE : worst.furthest(),
                worst.climbed(),
                bound,
                String.format(
                        Locale.ROOT,
                        "between %.2f and %.2f standard errors of a bound of %.2f, alone %.2f and %.2f; %s",
                        worst.lowest,
                        worst.highest,
                        bound,
                        ALONE.lowest,
                        ALONE.highest,
                        worst.decided.orElse("decides nothing")));
    }

    private static List<Visit> visits() {
        Random random = new Random(1);
        List<Visit> visits = new ArrayList<>();
        for (int stage = 0; stage < EXPOSURES_AN_HOUR.size(); stage++) {
            int count = EXPOSURES_AN_HOUR.get(stage);
            for (int at = 0; at < count; at++) {
                visits.add(new Visit(
                        "e" + visits.size(),
                        "visitor-" + random.nextInt(USERS),
                        "i" + random.nextInt(ITEMS),
                        random.nextDouble() < RATE,
                        START + stage * HOUR_MILLIS + at * HOUR_MILLIS / count));
            }
        }
        return visits;
    }

    private Outcome run() {
        take(FIRST);
        for (int at = 0; at < VISITS.size() && experiment().isRunning(); at++) {
            Visit visit = VISITS.get(at);
            now = visit.time;
            accounts.before(at, now, event -> event.accept(this));
            show(new Exposure(visit.id, visit.user, visit.item, now, 0, Features.NONE), shown(visit.user));
            if (visit.isClicked) {
                click(new Click(
                        visit.id, visit.user, visit.item, Optional.of(visit.id), "click", 1, now, 0, Features.NONE));
            }
        }
        return outcome;
    }

    private Experiment experiment() {
        return states.lastEntry().getValue();
    }

    private String shown(String user) {
        return experiment().generation(experiment().arm(user));
    }

    private void take(Experiment state) {
        states.put(10L * states.size(), state);
        refer(ExperimentReference.to(state, states.lastKey()));
    }

    /** As the attribution's processor does with a record that refers to a state: one that did not take effect is none. */
    private void refer(ExperimentReference reference) {
        Optional.ofNullable(states.get(reference.offset()))
                .filter(reference::names)
                .ifPresent(state -> attribution.experiment(InputTopic.EXPOSURES, state, reference.offset()));
    }

    private void forge() {
        Experiment ended = experiment().ended(Result.PROMOTED, now, "so somebody says");
        for (long offset : List.of(0L, states.lastKey(), states.lastKey() + 1, (long) Integer.MAX_VALUE)) {
            refer(ExperimentReference.to(FIRST, offset));
            refer(ExperimentReference.to(ended, offset));
        }
    }

    private void look() {
        forge();
        if (!attribution.experiment().equals(Optional.of(experiment()))) {
            outcome = new Outcome(outcome.lowest, outcome.highest, Optional.of("another experiment is counted"));
        }
        double standardErrors = StandardErrors.of(attribution.experimentSums(), PLAN);
        Instant moment = Instant.ofEpochMilli(now);
        Decision.Facts facts = new Decision.Facts(
                attribution.experimentSums(),
                Optional.of(moment),
                Optional.empty(),
                Optional.empty(),
                AnswerHistory.NONE);
        Optional<Experiment> next = Decision.next(experiment(), facts, moment);
        Optional<String> end = next.flatMap(Experiment::end)
                .map(how -> how.result() + " in stage " + (experiment().stage() + 1) + ", " + how.why())
                .or(() -> Decision.blocked(attribution.experimentSums(), PLAN));
        outcome = new Outcome(
                Math.min(outcome.lowest, standardErrors),
                Math.max(outcome.highest, standardErrors),
                outcome.decided.or(() -> end));
        next.ifPresent(this::take);
    }

    private void show(Exposure event, String generation) {
        attribution.expose(new Exposure(
                event.id(),
                event.user(),
                event.item(),
                event.time(),
                event.producedAt(),
                event.context(),
                Optional.of(generation),
                event.place()));
        count();
    }

    private void count() {
        if (experiment().isRunning() && ++events % EVENTS_A_LOOK == 0) {
            look();
        }
    }

    @Override
    public void item(CatalogueItem item) {}

    @Override
    public void profile(UserProfile profile) {
        attribution.profile(profile);
    }

    /** An account says that it was shown what it was not. */
    @Override
    public void exposure(Exposure exposure) {
        show(exposure, "another");
    }

    @Override
    public void click(Click click) {
        attribution.click(click);
        count();
    }

    private static final class Silent implements Attribution.Output {
        @Override
        public void example(TrainingExample example) {}

        @Override
        public void userFeatures(UserFeatures user) {}

        @Override
        public void userRemoved(String user) {}
    }
}
