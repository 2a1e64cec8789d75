package dev.millrace.access;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.security.KeyStore;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The certificate of a server and its key, as their files are now. */
public final class ServerKeys implements AutoCloseable {

    /** Of the key stores, which are never written. */
    public static final String PASSWORD = PemFiles.PASSWORD;

    private final FileWatch watch;
    private Consumer<KeyStore> user = store -> {};
    private Optional<KeyStore> latest = Optional.empty();

    private ServerKeys(PemFiles files) throws UnusableFileException {
        this.watch = FileWatch.start(List.of(files.certificate(), files.key()), () -> take(files.keyStore()));
    }

    /** @throws InvalidSettingsException if the files cannot be used */
    public static ServerKeys of(PemFiles files) {
        try {
            return new ServerKeys(files);
        } catch (UnusableFileException unusable) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    AccessSettings.CERTIFICATE,
                    files.certificate().toString(),
                    String.valueOf(unusable.getMessage()))));
        }
    }

    /** Hands over a key store with both, and a new one whenever the files have changed. */
    public synchronized void handTo(Consumer<KeyStore> use) {
        user = use;
        latest.ifPresent(user);
    }

    private synchronized void take(KeyStore store) {
        latest = Optional.of(store);
        user.accept(store);
    }

    @Override
    public void close() {
        watch.close();
    }
}
