/**
 * Data of a session that has about so many bytes as JSON, its cookie included: a user, what a framework keeps, and a cart,
 * which is what makes sessions large.
 */
export function sessionData(size: number, place: number): Record<string, unknown> {
  const data: Record<string, unknown> = {
    place,
    counter: 0,
    user: {
      id: 1_000_000 + place,
      name: 'Ann Example',
      email: 'ann@example.org',
      roles: ['reader', 'editor'],
    },
    csrf: 'sOXjbGXzKDNvNlWVfJmQxGzHYw3tK1Ep',
    cart: [],
  };
  const cart = data.cart as unknown[];
  const room = size - cookieBytes - JSON.stringify(data).length;
  for (let used = 0; used < room; ) {
    const item = {
      sku: `SKU-${10_000 + cart.length}`,
      title: 'A thing with a name',
      price: 12.5,
      quantity: 1,
    };
    cart.push(item);
    used += JSON.stringify(item).length + 1;
  }
  return data;
}

/** What `"cookie":{…}` adds. */
const cookieBytes = 110;
