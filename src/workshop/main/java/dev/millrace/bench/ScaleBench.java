package dev.millrace.bench;

import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.TrainerSettings;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/**
 * Shows what a step of the learner costs by the number of items and by the number of users. The learner runs alone, without Kafka: what a
 * commit would write goes to a sink that counts it.
 *
 * <p>For each size a new learner gets all items and users, with their rows. It then learns clicks by Zipf's law, first untimed, then
 * timed, each for so many steps or so long.
 *
 * @param texts that the settings were read from, by key, defaults included
 */
public record ScaleBench(TrainerSettings settings, SortedMap<String, String> texts, Plan plan, Report report) {

    /**
     * How to measure a size.
     *
     * @param steps timed steps
     * @param longest time after which a size ends before all its steps
     * @param isByWall whether phases are timed by the wall clock instead of the CPU time of the learner's thread
     * @param isOnDisk whether the entries go to a store on disk, and rows beyond the cache are read from it
     * @param storeBytes native memory of that store
     */
    public record Plan(int steps, Duration longest, boolean isByWall, boolean isOnDisk, long storeBytes) {

        private LongSupplier clock() {
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            return isByWall ? System::nanoTime : threads::getCurrentThreadCpuTime;
        }
    }

    /** A number of items and of users. */
    public record Size(int items, int users) {}

    private static final Duration JVM_WARM_UP = Duration.ofSeconds(10);
    private static final int WARM_UP_SIZE = 1_000;

    /** What decides the cost of batch, exam and publication, and the bound of the rows. */
    private static final Pattern DECIDING =
            Pattern.compile("(batch\\.|rehearsal\\.|exam\\.|publish\\.m|learn\\.t|table\\.).*");

    /** Tells of each size. */
    public void run(List<Size> sizes) {
        describe();
        report.progress().reached("warming up", 0, sizes.size());
        ZipfShop small = new ZipfShop(WARM_UP_SIZE, WARM_UP_SIZE); // the compiler needs some seconds
        TimedLearner first = new TimedLearner(settings, plan.clock(), Optional.empty());
        first.begin(small);
        Duration longest = plan.longest().compareTo(JVM_WARM_UP) < 0 ? plan.longest() : JVM_WARM_UP;
        learn(first, small, 20 * plan.steps(), longest);
        for (int at = 0; at < sizes.size(); at++) {
            Size size = sizes.get(at);
            report.progress().reached(size.items() + " items, " + size.users() + " users", at, sizes.size());
            if (plan.isOnDisk()) {
                try (ScratchEntries store = ScratchEntries.create(plan.storeBytes())) {
                    measure(size, Optional.of(store));
                }
            } else {
                measure(size, Optional.empty());
            }
        }
        report.progress().reached("", sizes.size(), sizes.size());
    }

    private void describe() {
        Figures deciding = new Figures();
        texts.forEach((key, value) -> {
            if (DECIDING.matcher(key).matches()) {
                deciding.with(key, value);
            }
        });
        report.add(new Figures()
                .with("isByWall", plan.isByWall())
                .with("isOnDisk", plan.isOnDisk())
                .with("steps", plan.steps())
                .with("longestSeconds", plan.longest().toSeconds())
                .with("settings", deciding));
    }

    private void measure(Size size, Optional<OrderedEntries> store) {
        long before = Sample.usedHeap();
        ZipfShop shop = new ZipfShop(size.items(), size.users());
        TimedLearner learner = new TimedLearner(settings, plan.clock(), store);
        learner.begin(shop);
        learn(learner, shop, (plan.steps() + 1) / 2, plan.longest().dividedBy(2));
        learner.forget();
        learn(learner, shop, plan.steps(), plan.longest());
        Figures figures = learner.figures();
        report.add(
                "sizes",
                new Figures()
                        .with("items", size.items())
                        .with("users", size.users())
                        .and(figures)
                        .with("heapBytes", Sample.usedHeap() - before));
    }

    private void learn(TimedLearner learner, ZipfShop shop, int steps, Duration longest) {
        Stopwatch watch = Stopwatch.start();
        for (int step = 0; step < steps && watch.millis() < longest.toMillis(); step++) {
            learner.step(shop, settings.batch().size());
        }
    }
}
