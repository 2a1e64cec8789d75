package dev.millrace.bench;

import dev.millrace.bench.TimedLearner.Cost;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;

/**
 * Shows what a step of the learner costs by the number of items and by the number of users. The learner runs alone, without Kafka: what a
 * commit would write goes to a sink that counts it.
 *
 * <p>For each size a new learner gets all items and users, with their rows. It then learns clicks by Zipf's law, first untimed, then
 * timed, each for so many steps or so long.
 */
public final class ScaleBench {

    /**
     * What to measure.
     *
     * @param items numbers of items, ascending
     * @param users numbers of users, ascending
     * @param beside number of users beside each number of items, and of items beside each number of users
     * @param steps timed steps for each size
     * @param longest time after which a size ends before all its steps
     * @param isByWall whether phases are timed by the wall clock instead of the CPU time of the learner's thread
     * @param isOnDisk whether the entries go to a store on disk, and rows beyond the cache are read from it
     * @param storeBytes native memory of that store
     */
    public record Plan(
            List<Integer> items,
            List<Integer> users,
            int beside,
            int steps,
            Duration longest,
            boolean isByWall,
            boolean isOnDisk,
            long storeBytes) {

        public Plan {
            items = items.stream().distinct().sorted().toList();
            users = users.stream().distinct().sorted().toList();
        }
    }

    /**
     * One size and what it costs.
     *
     * @param millis by phase: the median a step; of the exam the mean, as most steps may have none
     * @param heapBytes that the learner keeps
     */
    record Point(int items, int users, Map<Cost, Double> millis, long heapBytes) {}

    private static final List<Cost> DRAWN = List.of(Cost.STEP, Cost.EXAM, Cost.PUBLISH, Cost.DRAIN);
    private static final Duration JVM_WARM_UP = Duration.ofSeconds(10);
    private static final int WARM_UP_SIZE = 1_000;
    private static final double HEAP_TO_WORK =
            1.5; // what growing arrays and the first publication need beside what is kept
    private static final double BYTES_A_MB = 1e6;

    private final TrainerSettings settings;
    private final SortedMap<String, String> texts;
    private final BenchReport report;

    /** @param texts that the settings were read from, by key, defaults included */
    public ScaleBench(TrainerSettings settings, SortedMap<String, String> texts, BenchReport report) {
        this.settings = settings;
        this.texts = texts;
        this.report = report;
    }

    /**
     * Tells of each size, and draws the curves.
     *
     * @param drawing SVG file, written anew after each size
     */
    public void run(Plan plan, Optional<Path> drawing) throws IOException {
        describe(plan);
        int sizes = plan.items().size() + plan.users().size();
        report.reached("warming up", 0, sizes);
        warmJvm(plan);
        report.print(
                "%10s %10s %10s | %7s %9s %7s %7s %8s %8s %8s %8s %8s %8s %6s | %8s | %8s | %8s %8s",
                "items",
                "users",
                "rows",
                "batch",
                "exam mean",
                "exams",
                "step",
                "publish",
                "vectors",
                "drain",
                "kB",
                "learnt",
                "read",
                "hits",
                "not step",
                "heap MB",
                "ex/s",
                "ex/s wall");
        List<Point> byItems = new ArrayList<>();
        List<Point> byUsers = new ArrayList<>();
        int done = 0;
        for (int items : plan.items()) {
            report.reached(size(items) + " items", done++, sizes);
            if (fits("items", items, byItems, Point::items)) {
                byItems.add(measure(items, plan.beside(), plan));
                draw(drawing, plan, byItems, byUsers);
            }
        }
        for (int users : plan.users()) {
            report.reached(size(users) + " users", done++, sizes);
            if (fits("users", users, byUsers, Point::users)) {
                byUsers.add(measure(plan.beside(), users, plan));
                draw(drawing, plan, byItems, byUsers);
            }
        }
        report.reached("", sizes, sizes);
    }

    private void describe(Plan plan) {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        Figures deciding = new Figures();
        texts.forEach((key, value) -> {
            if (isOfInterest(key)) {
                deciding.with(key, value);
            }
        });
        report.add(new Figures()
                .with("isByWall", plan.isByWall())
                .with("isOnDisk", plan.isOnDisk())
                .with("steps", plan.steps())
                .with("longestSeconds", plan.longest().toSeconds())
                .with("jvm", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"))
                .with("cores", Runtime.getRuntime().availableProcessors())
                .with("loadAverage", load)
                .with("maxHeapBytes", Runtime.getRuntime().maxMemory())
                .with("settings", deciding));
        report.print(
                "The learner alone: clicks by Zipf's law with exponent 1, a history of 20 items, a commit after each step into %s. "
                        + "%s; the median a step, of the exam the mean; at most %d steps and %d s a size, after half as "
                        + "many to warm up. ex/s is by the same clock. learnt: rows that a step learns from; read: rows read from the store a step; hits: the share of the learnt rows that need not be read.",
                plan.isOnDisk() ? "a RocksDB in the directory for temporary files" : "a sink that counts bytes",
                plan.isByWall() ? "Milliseconds of the wall clock" : "CPU milliseconds of the learner's thread",
                plan.steps(),
                plan.longest().toSeconds());
        report.print(
                "%s %s, %d cores with a load of %.1f, heap %,d MB, model.engine %s",
                System.getProperty("java.vm.name"),
                System.getProperty("java.vm.version"),
                Runtime.getRuntime().availableProcessors(),
                load,
                Math.round(Runtime.getRuntime().maxMemory() / BYTES_A_MB),
                settings.engine().name().toLowerCase(Locale.ROOT));
        deciding.values().forEach((key, value) -> report.print("  %s = %s", key, value));
    }

    /** What decides the cost of batch, exam and publication, and the bound of the rows. */
    private static boolean isOfInterest(String key) {
        return key.startsWith("batch.")
                || key.startsWith("rehearsal.")
                || key.startsWith("exam.")
                || key.startsWith("publish.m")
                || key.startsWith("learn.t")
                || key.startsWith("table.");
    }

    /** The compiler needs some seconds before the first size. */
    private void warmJvm(Plan plan) {
        int items = Math.min(
                WARM_UP_SIZE,
                plan.items().isEmpty() ? plan.beside() : plan.items().get(0));
        int users = Math.min(
                WARM_UP_SIZE,
                plan.users().isEmpty() ? plan.beside() : plan.users().get(0));
        Duration longest = plan.longest().compareTo(JVM_WARM_UP) < 0 ? plan.longest() : JVM_WARM_UP;
        ZipfShop shop = new ZipfShop(items, users);
        TimedLearner learner = new TimedLearner(settings, clock(plan), Optional.empty());
        learner.begin(shop);
        learn(learner, shop, 20 * plan.steps(), longest);
    }

    private Point measure(int items, int users, Plan plan) {
        if (!plan.isOnDisk()) {
            return measure(items, users, plan, Optional.empty());
        }
        try (ScratchEntries store = ScratchEntries.create(plan.storeBytes())) {
            return measure(items, users, plan, Optional.of(store));
        }
    }

    private Point measure(int items, int users, Plan plan, Optional<OrderedEntries> store) {
        long before = Figures.usedHeap();
        ZipfShop shop = new ZipfShop(items, users);
        TimedLearner learner = new TimedLearner(settings, clock(plan), store);
        learner.begin(shop);
        learn(learner, shop, (plan.steps() + 1) / 2, plan.longest().dividedBy(2));
        learner.forget();
        learn(learner, shop, plan.steps(), plan.longest());
        long heap = Figures.usedHeap() - before;
        Map<Cost, Double> millis = new EnumMap<>(Cost.class);
        for (Cost cost : Cost.values()) {
            millis.put(cost, cost == Cost.EXAM ? learner.mean(cost) : learner.median(cost));
        }
        Point point = new Point(items, users, millis, heap);
        tell(point, learner);
        return point;
    }

    private void learn(TimedLearner learner, ZipfShop shop, int steps, Duration longest) {
        long begin = System.nanoTime();
        for (int step = 0; step < steps && System.nanoTime() - begin < longest.toNanos(); step++) {
            learner.step(shop, settings.batch().size());
        }
    }

    private void tell(Point point, TimedLearner learner) {
        Map<Cost, Double> millis = point.millis();
        double around = millis(millis, Cost.EXAM) + millis(millis, Cost.PUBLISH) + millis(millis, Cost.DRAIN);
        double hits = 1 - learner.rowsMissedAStep() / learner.rowsAStep();
        report.add(
                "sizes",
                new Figures()
                        .with("items", point.items())
                        .with("users", point.users())
                        .with("rows", learner.progress().rows().rows())
                        .with("batchMillis", millis(millis, Cost.BATCH))
                        .with("examMeanMillis", millis(millis, Cost.EXAM))
                        .with("exams", learner.exams())
                        .with("steps", learner.steps())
                        .with("stepMillis", millis(millis, Cost.STEP))
                        .with("publishMillis", millis(millis, Cost.PUBLISH))
                        .with("vectorsAStep", learner.vectorsAStep())
                        .with("drainMillis", millis(millis, Cost.DRAIN))
                        .with("bytesAStep", learner.bytesAStep())
                        .with("rowsLearntAStep", learner.rowsAStep())
                        .with("rowsReadAStep", learner.rowsReadAStep())
                        .with("hitShare", hits)
                        .with("notStepRatio", around / millis(millis, Cost.STEP))
                        .with("heapBytes", point.heapBytes())
                        .with("examplesPerSecond", learner.examplesASecond())
                        .with("examplesPerWallSecond", learner.examplesAWallSecond())
                        .with("withheldSteps", learner.withheldSteps()));
        report.print(
                "%,10d %,10d %,10d | %7.2f %9.2f %7s %7.2f %8.2f %,8.0f %8.2f %8.0f %,8.0f %,8.0f %5.1f%% | %7.2fx | %,8.0f | %,8.0f %,8.0f%s",
                point.items(),
                point.users(),
                learner.progress().rows().rows(),
                millis(millis, Cost.BATCH),
                millis(millis, Cost.EXAM),
                learner.exams() + "/" + learner.steps(),
                millis(millis, Cost.STEP),
                millis(millis, Cost.PUBLISH),
                learner.vectorsAStep(),
                millis(millis, Cost.DRAIN),
                learner.bytesAStep() / 1e3,
                learner.rowsAStep(),
                learner.rowsReadAStep(),
                100 * hits,
                around / millis(millis, Cost.STEP),
                point.heapBytes() / BYTES_A_MB,
                learner.examplesASecond(),
                learner.examplesAWallSecond(),
                learner.withheldSteps() == 0 ? "" : "  withheld after " + learner.withheldSteps() + " steps");
    }

    /** Whether a size has room, by the growth of the sizes before it; says so if not. */
    private boolean fits(String what, int size, List<Point> before, ToIntFunction<Point> sizeOf) {
        double needed = HEAP_TO_WORK * expectedHeap(size, before, sizeOf);
        long most = Runtime.getRuntime().maxMemory();
        if (needed > most) {
            report.add("leftOut", new Figures().with(what, size).with("neededHeapBytes", needed));
            report.print(
                    "%,10d %s: not measured. They may need a heap of %,.0f MB, and this one has %,.0f; MILLRACE_HEAP",
                    size, what, needed / BYTES_A_MB, most / BYTES_A_MB);
        }
        return needed <= most;
    }

    /** Bytes that a learner of a size will keep, on the line through the last two points; 0 before the first. */
    static double expectedHeap(int size, List<Point> before, ToIntFunction<Point> sizeOf) {
        if (before.isEmpty()) {
            return 0;
        }
        Point last = before.get(before.size() - 1);
        double atZero = 0;
        if (before.size() > 1) {
            Point earlier = before.get(before.size() - 2);
            double slope = (double) (last.heapBytes() - earlier.heapBytes())
                    / (sizeOf.applyAsInt(last) - sizeOf.applyAsInt(earlier));
            atZero = last.heapBytes() - slope * sizeOf.applyAsInt(last);
        }
        return atZero + (last.heapBytes() - atZero) / sizeOf.applyAsInt(last) * size;
    }

    private static void draw(Optional<Path> drawing, Plan plan, List<Point> byItems, List<Point> byUsers)
            throws IOException {
        if (drawing.isPresent()) {
            Files.writeString(drawing.get(), chart(plan, byItems, byUsers).svg(), StandardCharsets.UTF_8);
        }
    }

    /** The curves; a panel without points is left out. */
    static LineChart chart(Plan plan, List<Point> byItems, List<Point> byUsers) {
        List<LineChart.Panel> panels = new ArrayList<>();
        String beside = size(plan.beside());
        if (!byItems.isEmpty()) {
            panels.add(panel("items, beside " + beside + " users", byItems, Point::items));
        }
        if (!byUsers.isEmpty()) {
            panels.add(panel("users, beside " + beside + " items", byUsers, Point::users));
        }
        return new LineChart("What a step costs: median; exam: mean", plan.isByWall() ? "ms" : "CPU ms", panels);
    }

    private static LineChart.Panel panel(String title, List<Point> points, ToIntFunction<Point> sizeOf) {
        return new LineChart.Panel(
                title,
                points.stream().map(sizeOf::applyAsInt).toList(),
                DRAWN.stream()
                        .map(cost -> new LineChart.Line(
                                cost.name().toLowerCase(Locale.ROOT),
                                points.stream()
                                        .map(point -> millis(point.millis(), cost))
                                        .toList()))
                        .toList());
    }

    private static String size(int size) {
        return String.format(Locale.ROOT, "%,d", size);
    }

    private static double millis(Map<Cost, Double> millis, Cost cost) {
        return millis.getOrDefault(cost, Double.NaN);
    }

    private static LongSupplier clock(Plan plan) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return plan.isByWall() ? System::nanoTime : threads::getCurrentThreadCpuTime;
    }
}
