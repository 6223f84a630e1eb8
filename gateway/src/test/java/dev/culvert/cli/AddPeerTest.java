package dev.culvert.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.zxing.BinaryBitmap;
import com.google.zxing.RGBLuminanceSource;
import com.google.zxing.ReaderException;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.qrcode.QRCodeReader;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AddPeerTest {
    @TempDir
    private Path directory;

    private Console console;
    private Path hub;

    @BeforeEach
    void init() {
        console = new Console(directory);
        hub = directory.resolve("wg0.conf");
        assertThat(console.run("init", hub.toString(), "--address", "10.9.0.1/24"))
                .isZero();
    }

    private int add(String... words) {
        String[] all = new String[words.length + 6];
        System.arraycopy(
                new String[] {
                    "add-peer", "--endpoint", "hub.example.com", "--directory", directory.toString(), hub.toString()
                },
                0,
                all,
                0,
                6);
        System.arraycopy(words, 0, all, 6, words.length);
        return console.run(all);
    }

    private static String decoded(Path picture) throws IOException, ReaderException {
        BufferedImage image = ImageIO.read(picture.toFile());
        int[] pixels = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        RGBLuminanceSource source = new RGBLuminanceSource(image.getWidth(), image.getHeight(), pixels);
        return new QRCodeReader()
                .decode(new BinaryBitmap(new HybridBinarizer(source)))
                .getText();
    }

    @Test
    void thePictureHoldsTheFile() throws IOException, ReaderException {
        assertThat(add("phone")).isZero();
        assertThat(console.out())
                .startsWith("phone: 10.9.0.2/32 in ")
                .contains("`culvert up " + hub + "` starts with it")
                .doesNotContain("PrivateKey");
        Path picture = directory.resolve("phone.png");
        assertThat(decoded(picture)).isEqualTo(Files.readString(directory.resolve("phone.conf")));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(picture)))
                .isEqualTo("rw-------");
    }

    @Test
    void printsTheCodeForATerminal() throws IOException, ReaderException {
        assertThat(add("phone")).isZero();
        Path file = directory.resolve("phone.conf");
        assertThat(console.run("qr", file.toString())).isZero();
        String[] lines = console.out().split("\n", -1);
        int side = lines[0].replaceAll("\u001b\\[[0-9;]*m", "").length();
        int[] pixels = new int[side * side * 16];
        for (int y = 0; y < side * 4; y++) {
            String line = lines[y / 8].replaceAll("\u001b\\[[0-9;]*m", "");
            for (int x = 0; x < side * 4; x++) {
                char half = line.charAt(x / 4);
                boolean dark = half == '█' || half == (y / 4 % 2 == 0 ? '▀' : '▄');
                pixels[y * side * 4 + x] = dark ? 0 : 0xffffff;
            }
        }
        RGBLuminanceSource source = new RGBLuminanceSource(side * 4, side * 4, pixels);
        assertThat(new QRCodeReader()
                        .decode(new BinaryBitmap(new HybridBinarizer(source)))
                        .getText())
                .isEqualTo(Files.readString(file));
        Files.writeString(file, "# " + "x".repeat(3000));
        assertThat(console.run("qr", file.toString())).isEqualTo(1);
        assertThat(console.err()).startsWith("culvert: a QR code holds 2953 bytes");
    }

    @Test
    void refusesANameThatIsThereUnlessItIsToBeKept() throws IOException {
        assertThat(add("phone")).isZero();
        String before = Files.readString(hub);
        assertThat(add("phone")).isEqualTo(1);
        assertThat(console.err()).startsWith("culvert: there is a peer phone already");
        assertThat(add("--keep-existing", "phone")).isZero();
        assertThat(add("no/name")).isEqualTo(1);
        assertThat(hub).hasContent(before);
    }
}
