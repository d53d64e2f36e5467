// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parsePasswordFile, withoutUser, withUser } from './password-file.ts';

const ONE = `$2y$05$${'a'.repeat(53)}`;
const OTHER = `$2y$05$${'b'.repeat(53)}`;

describe('a password file', () => {
  test('has users, comments and blank lines, with any line ends', () => {
    const result = parsePasswordFile(`# those of the team\r\nalice:${ONE}\r\n\nbob:${OTHER}  \n`);
    expect(result).toEqual({
      ok: true,
      users: new Map([
        ['alice', { kind: 'bcrypt', text: ONE }],
        ['bob', { kind: 'bcrypt', text: OTHER }],
      ]),
    });
  });

  test('may be empty', () => {
    expect(parsePasswordFile('')).toEqual({ ok: true, users: new Map() });
  });

  test('is refused whole for any line, and every problem is named without what is secret', () => {
    const text = `tulips\nalice:${ONE}\nalice:${OTHER}\nbob:tulips\n:${ONE}\na b:${ONE}\n`;
    const result = parsePasswordFile(text);
    expect(result).toEqual({
      ok: false,
      problems: [
        'line 1: expected a user name, a colon and a hash',
        'line 3: "alice" comes twice',
        'line 4: the hash of "bob" is neither bcrypt nor scrypt as expected',
        'line 5: expected a user name, a colon and a hash',
        'line 6: expected a user name, a colon and a hash',
      ],
    });
    expect(JSON.stringify(result)).not.toMatch(/tulips|\$2y/);
  });
});

describe('changes to a password file', () => {
  const text = `# team\nalice:${ONE}\n\nbob:${ONE}`;

  test('a new user comes last', () => {
    expect(withUser(text, 'carol', OTHER)).toBe(`${text}\ncarol:${OTHER}\n`);
    expect(withUser('', 'carol', OTHER)).toBe(`carol:${OTHER}\n`);
  });

  test('a user who is there keeps the place', () => {
    expect(withUser(text, 'alice', OTHER)).toBe(`# team\nalice:${OTHER}\n\nbob:${ONE}\n`);
  });

  test('a user goes, and everything else stays', () => {
    expect(withoutUser(text, 'alice')).toBe(`# team\n\nbob:${ONE}\n`);
    expect(withoutUser(text, 'al')).toBeUndefined();
    expect(withoutUser(text, '# team')).toBeUndefined();
  });
});
