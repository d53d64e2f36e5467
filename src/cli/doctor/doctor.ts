// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'say why a pull fails, whose fault it is, and what to do',
  args: [{ name: '<image>', description: 'as clients name it: `registry.example.org/hello:v1`' }],
  options: [
    { flags: '--via <host>', description: "ask this front or mirror, not the image's registry" },
    {
      flags: '--mirror',
      description: "ask it as containerd asks a mirror: with the image's registry in `?ns=`",
    },
    {
      flags: '--platform <os/arch>',
      description: 'look at this platform of an index only; else at all of them',
    },
    { flags: '--full', description: 'read and hash every blob whole, not its first bytes only' },
    { flags: '--plain-http', description: 'ask without TLS; loopback is asked so anyway' },
    {
      flags: '--allow-private',
      description: 'follow redirects and realms to private addresses too',
    },
    { flags: '--ipv4', description: 'use IPv4 only' },
    { flags: '--ipv6', description: 'use IPv6 only' },
    { flags: '--json', description: 'print one JSON document' },
  ],
  examples: [
    {
      line: 'archeion doctor images.example.org/pause:3.9 --platform linux/arm64',
      why: 'try every step of a pull from this machine',
    },
    {
      line: 'archeion doctor registry.example.org/pause:3.9 --via cache.internal:5000 --mirror --allow-private',
      why: 'try it through a mirror of the network',
    },
  ],
  async run(input, io) {
    const [{ readWish }, { examine }, { diagnose }, { openDoctorProbe }, report] =
      await Promise.all([
        import('./doctor-target.ts'),
        import('../../doctor/examine.ts'),
        import('../../core/doctor/diagnose.ts'),
        import('../../upstream/doctor-probe.ts'),
        import('./doctor-report.ts'),
      ]);
    const { target, families, allowsPrivate } = readWish(input);
    const probe = openDoctorProbe({ origin: target.origin, allowsPrivate, families });
    try {
      const now = () => performance.now();
      const seen = await examine(target, { ...probe, now, signal: io.stop });
      const result = { seen, diagnosis: diagnose(seen) };
      io.out(
        input.options['json'] === true ? report.reportJson(result) : report.reportText(result),
      );
      return result.diagnosis.isWell ? EXIT.done : EXIT.failed;
    } finally {
      await probe.transport.close();
    }
  },
};
